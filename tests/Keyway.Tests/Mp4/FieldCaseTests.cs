using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using Keyway.Testing;

namespace Keyway.Mp4;

/// <summary>Files of the field, made after public reports: every sample against the digest of the clear one, which another packager has.</summary>
public sealed class FieldCaseTests
{
    private const string Key = "76a6c65c5ea762046bd749a2e632ccbb";

    private static KeyId Id => KeyId.TryParse("a7e61c373e219033c21091fa607bf3b8", out KeyId id) ? id : throw new InvalidOperationException();

    public static TheoryData<string> Cases =>
    [
        "f1a-clear-group-with-iv-audio.mp4", "f1b-clear-group-with-iv-video.mp4", "f2b-tenc16-senc8-video.mp4", "f3a-progressive-selective-gpac-layout-video.mp4",
        "f3c-progressive-clear-entry-audio.mp4", "f4a-segments-two-fragments-bdo", "f5a-trailing-crlf.mp4", "f6a-other-trak-without-mdia.mp4",
    ];

    private static string Folder
    {
        get
        {
            string? folder = Corpus.Shared is { } shared ? Path.Combine(shared, "cases", "container") : null;
            if (folder is null || !Directory.Exists(folder)) Assert.Skip(Corpus.Absent);
            return folder;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Every_sample_is_the_clear_one(string name)
    {
        string path = Path.Combine(Folder, name);
        bool segments = Directory.Exists(path);
        List<byte[]> files = [];
        foreach (string file in segments ? [Path.Combine(path, "init.mp4"), .. Directory.GetFiles(path, "seg-*").Order(StringComparer.Ordinal)] : (string[])[path])
            files.Add(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        string expected = segments ? Path.Combine(path, "expect.json") : Path.ChangeExtension(path, "expect.json");

        using RawMediaKeys keys = new();
        keys.Add(Id, Convert.FromHexString(Key));
        using MemoryStream output = new();
        PipeWriter pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await using MemoryStream input = new([.. files.SelectMany(f => f)]);
        Mp4DecryptOptions options = new() { PartLengths = segments ? [.. files.Select(f => f.LongLength)] : null };
        await Mp4Decryptor.DecryptAsync(input, name, keys, pipe, options, TestContext.Current.CancellationToken);
        await pipe.CompleteAsync();
        byte[] clear = output.ToArray();
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllTextAsync(expected, TestContext.Current.CancellationToken));
        foreach (JsonElement sample in json.RootElement.EnumerateArray())
            Convert.ToHexStringLower(SHA256.HashData(clear.AsSpan(sample[0].GetInt32(), sample[2].GetInt32()))).Should().Be(sample[1].GetString(), "sample at {0}", sample[0]);
    }

    [Fact]
    public async Task Keys_are_those_that_samples_use()
    {
        await using FileStream file = File.OpenRead(Path.Combine(Folder, "f7a-inspect-key-only-in-seig.mp4"));
        Mp4Inspection found = await Mp4Inspector.InspectAsync(file, "x", false, TestContext.Current.CancellationToken);
        found.Tracks.Single().KeyIds.Should().Equal(Id);
    }
}
