using System.Diagnostics;
using System.Text.Json;
using Keyway.Cdm.Child;
using Keyway.Cdm.Play;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Mp4;
using Keyway.Testing;

namespace Keyway.Cdm.Firefox;

/// <summary>Films from end to end: content, the plugin, its process in the sandbox that a user's has, Firefox's module, and licences of Keyway's sandbox. What comes out is what our own decryptor makes.</summary>
public sealed class FirefoxPlayTests
{
    private static CdmKeySystem Firefox(CdmOptions? options = null) => new(
        options ?? Options, LyingModule.Context(), ChildProgram.Own with { Environment = FirefoxModule.Needs });

    private static CdmOptions Options => new() { Name = "firefox", Module = FirefoxModule.Path, ModuleKeySystem = CdmConstants.ClearKey, Systems = CdmConstants.Systems[CdmConstants.ClearKey], SandboxRequired = true };

    [Theory]
    [InlineData("cenc")]
    [InlineData("cbcs")]
    public async Task The_sample_is_written_and_read_as_by_our_own_decryptor(string scheme)
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        string source = Path.Combine(Corpus.Root, "samples", scheme, "manifest.mpd");
        await using Sandbox sandbox = await Sandbox.StartAsync();
        await using CdmKeySystem system = Firefox();
        await using Film film = new(system);
        PresentationOptions licensed = new() { LicenseUrl = sandbox.ClearKey };
        using RawMediaKeys held = OwnKeys();
        (string, long) own = await film.WriteAsync(source, new PresentationOptions { Keys = held });
        (await film.WriteAsync(source, licensed)).Should().Be(own);
        (await film.ReadAsync(source, licensed)).Should().Be(await film.ReadAsync(source, new PresentationOptions { Keys = held }));
        system.Keeper.Starts.Should().Be(1);
        system.Facts!.Interface.Should().Be(11);
    }

    [Fact]
    public async Task Every_file_of_the_corpus_that_it_can_open_is_written_as_by_our_own_decryptor()
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        Assert.SkipWhen(Corpus.Shared is null, Corpus.Absent);
        List<Item> left = Items();
        left.Count.Should().BeGreaterThan(40);
        int same = 0;
        List<string> unlike = [];
        await using CdmKeySystem system = Firefox();
        await using Film film = new(system);
        while (left.Count > 0)
        {
            // Files that give one identifier two keys cannot have one service.
            Dictionary<KeyId, byte[]> keys = [];
            List<Item> now = left.FindAll(item =>
            {
                if (item.Keys.Any(pair => keys.TryGetValue(pair.Key, out byte[]? other) && !other.AsSpan().SequenceEqual(pair.Value))) return false;
                foreach ((KeyId id, byte[] key) in item.Keys) keys[id] = key;
                return true;
            });
            left.RemoveAll(now.Contains);
            // A box may name keys of other tracks, which nobody has published; a service that does not know one refuses them all.
            foreach (KeyId named in now.SelectMany(static item => item.Named)) keys.TryAdd(named, new byte[16]);
            await using Sandbox sandbox = await Sandbox.StartAsync(keys);
            foreach (Item item in now)
            {
                using RawMediaKeys held = new();
                foreach ((KeyId id, byte[] key) in item.Keys) held.Add(id, key);
                string own = await OutcomeAsync(film, item.Path, new PresentationOptions { Keys = held });
                string theirs = await OutcomeAsync(film, item.Path, new PresentationOptions { LicenseUrl = sandbox.ClearKey });
                if (own != theirs) unlike.Add($"{item.Id} ({item.Scheme}): own {own}, module {theirs}");
                else if (!own.StartsWith('!')) same++;
            }
        }

        unlike.Should().BeEmpty();
        same.Should().BeGreaterThan(35, "most of them can be opened");
    }

    [Fact]
    public async Task Conformance_holds_with_a_real_module()
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        await using Sandbox sandbox = await Sandbox.StartAsync([new(LyingModule.Id, LyingModule.Key)]);
        await using CdmKeySystem system = Firefox();
        using HttpClient http = new();
        foreach (string promise in SessionDecryptorConformance.Promises)
        {
            await using CdmSession session = (CdmSession)await system.OpenSessionAsync(
                new SessionRequest { Keys = [new WantedKey { Id = LyingModule.Id, Scheme = ProtectionScheme.Cenc }] }, new RecordingSessionHost(), TestContext.Current.CancellationToken);
            System.Buffers.ArrayBufferWriter<byte> challenge = new();
            ChallengeInfo info = await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, challenge, TestContext.Current.CancellationToken);
            info.ContentType.Should().Be("application/json");
            using HttpResponseMessage answer = await http.PostAsync(sandbox.ClearKey, new ByteArrayContent(challenge.WrittenSpan.ToArray()) { Headers = { { "Content-Type", info.ContentType } } }, TestContext.Current.CancellationToken);
            byte[] body = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            await session.AcceptAsync(new LicenseAnswer { Status = 200, Body = new System.Buffers.ReadOnlySequence<byte>(body) }, TestContext.Current.CancellationToken);
            await new SessionDecryptorConformance(() => new SessionDecryptorUnderTest
            {
                Decryptor = session.Decryptor,
                KeyId = LyingModule.Id,
                Key = LyingModule.Key,
                Schemes = [ProtectionScheme.Cenc, ProtectionScheme.Cbcs],
            }).CheckAsync(promise);
        }
    }

    [Fact]
    public async Task A_killed_module_is_replaced_and_the_film_goes_on_within_two_seconds_of_the_kill()
    {
        Assert.SkipWhen(FirefoxModule.IsAbsent, FirefoxModule.Absent);
        string source = Path.Combine(Corpus.Root, "samples", "cenc", "manifest.mpd");
        await using Sandbox sandbox = await Sandbox.StartAsync();
        await using CdmKeySystem system = Firefox();
        await using Film film = new(system);
        PresentationOptions licensed = new() { LicenseUrl = sandbox.ClearKey };
        await using Presentation presentation = await film.Engine.OpenAsync(source, licensed, TestContext.Current.CancellationToken);
        int fragments = 0, afterKill = 0;
        long killed = 0;
        await foreach (ClearFragment fragment in presentation.ReadAsync(presentation.Tracks[0], TestContext.Current.CancellationToken))
        {
            _ = fragment.Samples.Count();
            if (killed != 0 && afterKill++ == 0) TestContext.Current.TestOutputHelper?.WriteLine($"{Stopwatch.GetElapsedTime(killed).TotalMilliseconds:0} ms after the kill");
            if (++fragments != 1) continue;
            using (Process process = Process.GetProcessById(system.Keeper.Current!.ProcessId)) process.Kill();
            killed = Stopwatch.GetTimestamp();
        }

        afterKill.Should().BeGreaterThan(0);
        system.Keeper.Starts.Should().Be(2);
    }

    private static RawMediaKeys OwnKeys()
    {
        RawMediaKeys keys = new();
        foreach ((KeyId id, byte[] key) in SampleKeys.Read()) keys.Add(id, key);
        return keys;
    }

    /// <summary>The hash of what is written; or, behind an exclamation mark, why nothing is.</summary>
    private static async Task<string> OutcomeAsync(Film film, string path, PresentationOptions options)
    {
        try
        {
            return (await film.WriteAsync(path, options)).ToString();
        }
        catch (KeywayException exception)
        {
            return $"! {exception.GetType().Name}";
        }
    }

    private static List<Item> Items()
    {
        string corpus = Path.Combine(Corpus.Shared!, "corpus");
        string folder = Directory.CreateTempSubdirectory("keyway-cdm-corpus-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(corpus, "manifest.json")));
        List<Item> items = [];
        foreach (JsonElement item in document.RootElement.GetProperty("items").EnumerateArray())
        {
            if (item.GetProperty("kind").GetString() is not ("fmp4" or "progressive") || item.GetProperty("scheme").GetString() is not ("cenc" or "cbcs")) continue;
            if (item.TryGetProperty("malformed", out JsonElement malformed) && malformed.GetBoolean()) continue;
            if (!item.TryGetProperty("keys", out JsonElement keys) || keys.ValueKind != JsonValueKind.Object || !keys.EnumerateObject().Any()) continue;
            string[] files = [.. item.GetProperty("files").EnumerateArray().Select(file => Path.Combine(corpus, file.GetProperty("file").GetString()!))];
            string path = files[0];
            string id = item.GetProperty("id").GetString()!;
            if (files.Length > 1)
            {
                path = Path.Combine(folder, $"{id}.mp4");
                using FileStream joined = File.Create(path);
                foreach (string file in files) joined.Write(File.ReadAllBytes(file));
            }

            IEnumerable<string> named = item.TryGetProperty("pssh", out JsonElement boxes) && boxes.ValueKind == JsonValueKind.Array
                ? boxes.EnumerateArray().Where(static box => box.TryGetProperty("kids", out JsonElement kids) && kids.ValueKind == JsonValueKind.Array).SelectMany(static box => box.GetProperty("kids").EnumerateArray()).Select(static kid => kid.GetString()!)
                : [];
            items.Add(new Item(id, item.GetProperty("scheme").GetString()!, path, [.. named.Select(static kid => KeyId.TryParse(kid, out KeyId parsed) ? parsed : throw new InvalidOperationException(kid))], keys.EnumerateObject().ToDictionary(
                static pair => KeyId.TryParse(pair.Name, out KeyId kid) ? kid : throw new InvalidOperationException(pair.Name), static pair => Convert.FromHexString(pair.Value.GetString()!))));
        }

        return items;
    }

    private sealed record Item(string Id, string Scheme, string Path, IReadOnlyList<KeyId> Named, IReadOnlyDictionary<KeyId, byte[]> Keys);
}
