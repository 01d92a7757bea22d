using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Keyway.Licensing;
using static Keyway.Testing.ConformanceFinding;

namespace Keyway.Testing;

/// <summary>
/// What every key system promises, as checks that need no test framework: call <see cref="CheckAsync"/> once for each of <see cref="Promises"/>.
/// </summary>
/// <param name="create">Says what is tested; called once a check.</param>
/// <remarks>What it cannot see from outside: threads that a session leaves behind. Those keep the plugin in memory, which <see cref="PluginFolderConformance"/> looks at.</remarks>
public sealed partial class KeySystemConformance(Func<KeySystemUnderTest> create)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly SystemId Foreign = new(new Guid("0f0e0d0c-0b0a-4908-8706-050403020100"));

    private static readonly Dictionary<string, Func<KeySystemTrial, Task>> Checks = new(StringComparer.Ordinal)
    {
        ["It says what it is and which systems are its own, and always the same"] = SaysWhatItIsAsync,
        ["Its own headers are read, the same each time, and keep their bytes"] = ReadsItsHeadersAsync,
        ["Headers may be read from several threads"] = ReadsBesideAsync,
        ["A header that makes no sense is read, or refused with ProtectionHeaderException"] = RefusesHeadersAsync,
        ["A header of another system is read, or refused with ProtectionHeaderException"] = RefusesForeignHeadersAsync,
        ["A large header costs no more than its bytes explain"] = ReadsLargeHeadersAsync,
        ["A start that is cancelled ends"] = CancelsStartAsync,
        ["A session for nothing, or for keys without headers, opens or is refused with LicenseServiceException"] = OpensForLittleAsync,
        ["A challenge is written, and says what it is"] = WritesChallengesAsync,
        ["No two challenges are the same, where they must not be"] = WritesFreshChallengesAsync,
        ["No challenge holds a key or a secret of the credential"] = KeepsSecretsFromChallengesAsync,
        ["A challenge of any kind is written, or refused with LicenseServiceException, before there is a licence and after"] = WritesAnyKindAsync,
        ["A call that is cancelled ends"] = CancelsCallsAsync,
        ["A licence brings the keys that content needs, each once, with its bytes and a policy"] = BringsKeysAsync,
        ["Keys open samples under their policy, or their policy says why not"] = OpensSamplesAsync,
        ["The bytes of a key are cleared when they have been handed over"] = ClearsKeysAsync,
        ["An answer's memory is not used after the call"] = LeavesAnswersAsync,
        ["An answer in pieces is the same answer"] = ReadsPiecesAsync,
        ["An answer that is cut anywhere is refused with LicenseServiceException, or still the whole licence; of a refused one nothing stays"] = RefusesCutsAsync,
        ["A changed bit of an answer is refused with LicenseServiceException, or changes nothing that is signed; of a refused one nothing stays"] = RefusesFlipsAsync,
        ["An answer that is no licence is refused with LicenseServiceException, and nothing stays of it"] = RefusesGarbageAsync,
        ["An answer to another challenge is refused, where answers are bound to one"] = RefusesOthersAnswersAsync,
        ["The same answer a second time is refused with LicenseServiceException, or brings the same"] = TakesAnswersAgainAsync,
        ["No refusal is seen in a licence, and looking for one never throws"] = LooksForRefusalsAsync,
        ["No refusal's text holds a key or a secret"] = KeepsSecretsFromTextsAsync,
        ["A header that is offered later is taken, left or refused with LicenseServiceException"] = AnswersOffersAsync,
        ["A header of another system that is offered is not its own"] = LeavesForeignOffersAsync,
        ["What it saves it takes up again, with the same keys and without a service"] = TakesUpSavedAsync,
        ["What was saved and is damaged is refused with LicenseServiceException, and nothing stays of it"] = RefusesDamagedSavedAsync,
        ["Sessions beside each other do not mix"] = KeepsSessionsApartAsync,
        ["A session may be disposed before it was used, while it opens an answer, and twice"] = DisposesSessionsAsync,
        ["It may be disposed twice, and another one goes on"] = DisposesAsync,
    };

    /// <summary>The promises, each a sentence.</summary>
    public static IReadOnlyCollection<string> Promises => Checks.Keys;

    /// <summary>Checks one promise on a fresh key system.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <returns>A task that ends when the promise has been checked.</returns>
    /// <exception cref="ConformanceException">The key system does not keep it; the text says what was seen.</exception>
    public Task CheckAsync(string promise) => OfAsync(promise, async () =>
    {
        try
        {
            KeySystemTrial trial = await WithinAsync(KeySystemTrial.StartAsync(create()), "it was started").ConfigureAwait(false);
            try
            {
                await WithinAsync(Checks[promise](trial), "it was asked").ConfigureAwait(false);
            }
            finally
            {
                await WithinAsync(trial.DisposeAsync().AsTask(), "it was disposed").ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is LicenseServiceException or OperationCanceledException)
        {
            throw new ConformanceFinding($"it refused what it should have done: {exception.Message}");
        }
    });

    private static Task SaysWhatItIsAsync(KeySystemTrial trial)
    {
        KeySystemDescriptor descriptor = trial.System.Descriptor;
        Unless(descriptor is not null, "it has no descriptor");
        Unless(!string.IsNullOrWhiteSpace(descriptor!.Name), "it has no name");
        Unless(descriptor.Systems is { Count: > 0 } && descriptor.Systems.Distinct().Count() == descriptor.Systems.Count, "it names no protection system, or one twice");
        Unless(descriptor.Schemes.All(Enum.IsDefined), "it names a scheme that is none");
        Unless(trial.Subject.Headers.All(header => descriptor.Systems.Contains(header.System)), "it does not name the system of a header that it should read");
        KeySystemDescriptor again = trial.System.Descriptor;
        Unless(again.Name == descriptor.Name && again.Systems.SequenceEqual(descriptor.Systems) && again.Designators.SequenceEqual(descriptor.Designators) && again.Schemes.SequenceEqual(descriptor.Schemes), "it says something else when it is asked again");
        return Task.CompletedTask;
    }

    private static Task ReadsItsHeadersAsync(KeySystemTrial trial)
    {
        foreach (InitializationData data in trial.Subject.Headers)
        {
            byte[] before = data.Payload.ToArray();
            ProtectionHeader header = Read(trial.System, data);
            Unless(header.System == data.System, $"a header of {data.System} is read as one of {header.System}");
            Unless(header.Data.Span.SequenceEqual(before), $"the data of a header of {data.Kind} is not kept byte for byte");
            Unless(data.Payload.Span.SequenceEqual(before), $"reading a header of {data.Kind} changes its bytes");
            ProtectionHeader again = Read(trial.System, data);
            Unless(again.KeyIds.SequenceEqual(header.KeyIds) && again.ContentId == header.ContentId && again.LicenseUrl == header.LicenseUrl && again.Facts.SequenceEqual(header.Facts), $"a header of {data.Kind} is read otherwise a second time");
            Unless(header.KeyIds.Distinct().Count() == header.KeyIds.Count, $"a header of {data.Kind} names a key twice");
        }

        IReadOnlyList<KeyId> named = Read(trial.System, trial.Subject.Headers[0]).KeyIds;
        Unless(named.Count == 0 || trial.Subject.Keys.Keys.Any(named.Contains), "the first header names keys, and none of those that its licence brings");
        return Task.CompletedTask;
    }

    private static Task ReadsBesideAsync(KeySystemTrial trial)
    {
        InitializationData[] headers = [.. trial.Subject.Headers];
        IReadOnlyList<KeyId>[] expected = [.. headers.Select(data => Read(trial.System, data).KeyIds)];
        return Task.WhenAll(Enumerable.Range(0, 4).Select(number => Task.Run(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                int which = (number + i) % headers.Length;
                Unless(Read(trial.System, headers[which]).KeyIds.SequenceEqual(expected[which]), "what one thread reads is not what another reads");
            }
        })));
    }

    private static Task RefusesHeadersAsync(KeySystemTrial trial)
    {
        foreach (InitializationData data in trial.Subject.Headers)
        {
            byte[] good = data.Payload.ToArray();
            foreach (int length in Places(good.Length, trial.Subject.Alterations)) Read(trial.System, data with { Payload = good.AsMemory(0, length), Box = default }, $"a header cut after {length} bytes");
            foreach (int at in Places(good.Length, trial.Subject.Alterations)) Read(trial.System, data with { Payload = Flip(good, at, at % 8), Box = default }, $"a header with a changed bit in byte {at}");
        }

        SystemId system = trial.System.Descriptor.Systems[0];
        foreach (InitializationDataKind kind in (InitializationDataKind[])[InitializationDataKind.Pssh, InitializationDataKind.KeyIds, InitializationDataKind.WebM])
            foreach (byte[] noise in Noise()) Read(trial.System, new InitializationData { Kind = kind, System = system, Payload = noise }, $"{kind} data of {noise.Length} bytes of noise");
        return Task.CompletedTask;
    }

    private static Task RefusesForeignHeadersAsync(KeySystemTrial trial)
    {
        foreach (InitializationData data in trial.Subject.Headers) Read(trial.System, data with { System = Foreign }, "a header under another system's identifier");
        foreach (byte[] noise in Noise()) Read(trial.System, new InitializationData { Kind = InitializationDataKind.Pssh, System = Foreign, Payload = noise }, "noise of another system");
        return Task.CompletedTask;
    }

    private static Task ReadsLargeHeadersAsync(KeySystemTrial trial)
    {
        const long most = 64L << 20;
        foreach (InitializationData data in trial.Subject.Headers.Where(static data => !data.Payload.IsEmpty))
        {
            byte[] large = new byte[1 << 20];
            for (int at = 0; at < large.Length; at += data.Payload.Length) data.Payload.Span[..Math.Min(data.Payload.Length, large.Length - at)].CopyTo(large.AsSpan(at));
            long before = GC.GetAllocatedBytesForCurrentThread();
            Read(trial.System, data with { Payload = large, Box = default }, "a header of 1 MiB");
            long cost = GC.GetAllocatedBytesForCurrentThread() - before;
            Unless(cost <= most, string.Create(CultureInfo.InvariantCulture, $"a header of 1 MiB took {cost >> 20} MiB of memory"));
        }

        return Task.CompletedTask;
    }

    private static async Task CancelsStartAsync(KeySystemTrial trial)
    {
        await using IKeySystem other = trial.Subject.Create();
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync().ConfigureAwait(false);
        await KeySystemTrial.RefusalAsync(() => WithinAsync(other.StartAsync(cancelled.Token).AsTask(), "its start was cancelled"), "a start that is cancelled", mayBeCancelled: true).ConfigureAwait(false);
    }

    private static async Task OpensForLittleAsync(KeySystemTrial trial)
    {
        foreach (SessionRequest request in (SessionRequest[])[new SessionRequest(), trial.Request with { Headers = [] }, trial.Request with { Keys = [] }, trial.Request with { Kind = SessionKind.PersistentLicense }])
        {
            await KeySystemTrial.RefusalAsync(
                async () =>
                {
                    (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync(request).ConfigureAwait(false);
                    Unless(host.Wrong is null, host.Wrong!);
                    await session.DisposeAsync().ConfigureAwait(false);
                },
                $"a session for {request.Headers.Count} headers and {request.Keys.Count} keys, {request.Kind}").ConfigureAwait(false);
        }
    }

    private static async Task WritesChallengesAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, _) = await trial.OpenAsync().ConfigureAwait(false);
        (byte[] challenge, ChallengeInfo info) = await KeySystemTrial.AskAsync(session).ConfigureAwait(false);
        Unless(challenge.Length > 0, "a challenge has no bytes");
        Unless(info.Kind != ChallengeKind.None && Enum.IsDefined(info.Kind), "a challenge does not say what it is for");
        Unless(MediaTypeHeaderValue.TryParse(info.ContentType, out _), $"'{info.ContentType}' is no media type");
        Unless(info.Url is not { IsAbsoluteUri: false }, "a challenge goes to a URL that is not absolute");
        Unless(info.Headers.All(static header => header.Key.Length > 0 && !header.Key.AsSpan().ContainsAnyInRange('\0', ' ') && !header.Value.AsSpan().ContainsAny('\r', '\n')), "a challenge asks for headers that HTTP cannot carry");
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task WritesFreshChallengesAsync(KeySystemTrial trial)
    {
        if (!trial.Subject.ChallengesDiffer) return;
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < 3; i++)
        {
            (ILicenseSession session, _) = await trial.OpenAsync().ConfigureAwait(false);
            for (int j = 0; j < 2; j++) Unless(seen.Add(Convert.ToHexString((await KeySystemTrial.AskAsync(session).ConfigureAwait(false)).Bytes)), "two challenges are the same, byte for byte");
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task KeepsSecretsFromChallengesAsync(KeySystemTrial trial)
    {
        LeakScan scan = Planted(trial);
        (ILicenseSession session, _) = await trial.OpenAsync().ConfigureAwait(false);
        (byte[] challenge, ChallengeInfo info) = await KeySystemTrial.AskAsync(session).ConfigureAwait(false);
        scan.Add("the first challenge", challenge);
        scan.AddValue("what is said of it", info);
        foreach ((string name, string value) in info.Headers) scan.Add($"the header {name}", value);
        await trial.AcquireAsync(session).ConfigureAwait(false);
        await KeySystemTrial.RefusalAsync(async () => scan.Add("a renewal", (await KeySystemTrial.AskAsync(session, ChallengeKind.Renewal).ConfigureAwait(false)).Bytes), "a renewal").ConfigureAwait(false);
        Report(scan);
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task WritesAnyKindAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
        await AskForAllAsync("before there is a licence").ConfigureAwait(false);
        await session.DisposeAsync().ConfigureAwait(false);
        (session, host, _) = await trial.LicensedAsync().ConfigureAwait(false);
        await AskForAllAsync("with a licence").ConfigureAwait(false);
        await session.DisposeAsync().ConfigureAwait(false);

        async Task AskForAllAsync(string when)
        {
            foreach (ChallengeKind kind in Enum.GetValues<ChallengeKind>().Where(static kind => kind != ChallengeKind.None))
            {
                await KeySystemTrial.RefusalAsync(
                    async () =>
                    {
                        (_, ChallengeInfo info) = await KeySystemTrial.AskAsync(session, kind).ConfigureAwait(false);
                        Unless(info.Kind != ChallengeKind.None && Enum.IsDefined(info.Kind), $"asked for {kind} {when}, it does not say what it wrote");
                    },
                    $"a challenge of the kind {kind}, {when}").ConfigureAwait(false);
            }

            Unless(host.Wrong is null, host.Wrong!);
        }
    }

    private static async Task CancelsCallsAsync(KeySystemTrial trial)
    {
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync().ConfigureAwait(false);
        (ILicenseSession session, _) = await trial.OpenAsync().ConfigureAwait(false);
        await EndsAsync(async () => await (await trial.System.OpenSessionAsync(trial.Request, new ConformanceHost(), cancelled.Token).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false), "opening a session").ConfigureAwait(false);
        await EndsAsync(async () => await session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, new ArrayBufferWriter<byte>(), cancelled.Token).ConfigureAwait(false), "writing a challenge").ConfigureAwait(false);
        (byte[] challenge, _) = await KeySystemTrial.AskAsync(session).ConfigureAwait(false);
        await EndsAsync(async () => await session.AcceptAsync(trial.Subject.Answer(challenge), cancelled.Token).ConfigureAwait(false), "opening an answer").ConfigureAwait(false);
        await EndsAsync(async () => await session.SaveAsync(new ArrayBufferWriter<byte>(), cancelled.Token).ConfigureAwait(false), "saving").ConfigureAwait(false);
        await session.DisposeAsync().ConfigureAwait(false);

        static Task EndsAsync(Func<Task> call, string what) => KeySystemTrial.RefusalAsync(() => WithinAsync(Task.Run(call), $"{what} was cancelled"), $"{what}, cancelled", mayBeCancelled: true);
    }

    private static async Task<T> WithinAsync<T>(Task<T> call, string since)
    {
        await WithinAsync((Task)call, since).ConfigureAwait(false);
        return await call.ConfigureAwait(false);
    }

    private static async Task WithinAsync(Task call, string since)
    {
        try
        {
            await call.WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!call.IsCompleted)
        {
            throw new ConformanceFinding($"it has not come back {Patience.TotalSeconds:0} s after {since}");
        }
        catch (Exception exception) when (exception is not (ConformanceFinding or LicenseServiceException or OperationCanceledException or OutOfMemoryException))
        {
            throw new ConformanceFinding($"{since}, and it threw {PluginText.Of(exception)}");
        }
    }

    private static ProtectionHeader Read(IKeySystem system, InitializationData data) =>
        Read(system, data, $"a good header of {data.Kind}") ?? throw new ConformanceFinding($"a good header of {data.Kind} is refused");

    private static ProtectionHeader? Read(IKeySystem system, InitializationData data, string what)
    {
        try
        {
            return system.ParseHeader(data) ?? throw new ConformanceFinding($"{what}: it is read as null");
        }
        catch (ProtectionHeaderException)
        {
            return null;
        }
        catch (Exception exception) when (exception is not (ConformanceFinding or OutOfMemoryException))
        {
            throw new ConformanceFinding($"{what}: it threw {PluginText.Of(exception)}, and not ProtectionHeaderException");
        }
    }

    /// <summary>So many places in so many bytes, the first and the last among them, the same each time.</summary>
    private static IEnumerable<int> Places(int length, int most) =>
        length <= Math.Max(most, 2) ? Enumerable.Range(0, length) : Enumerable.Range(0, most).Select(i => (int)((long)i * (length - 1) / (most - 1))).Distinct();

    private static byte[] Flip(byte[] bytes, int at, int bit)
    {
        byte[] changed = [.. bytes];
        changed[at] ^= (byte)(1 << bit);
        return changed;
    }

    /// <summary>Bytes that are nobody's header and nobody's licence.</summary>
    private static IEnumerable<byte[]> Noise()
    {
        byte[] noise = new byte[1024];
        for (int i = 0; i < noise.Length; i += 32) SHA256.HashData(Encoding.ASCII.GetBytes($"noise {i}"), noise.AsSpan(i, 32));
        return
        [
            [], [0], [0xff], noise[..16], noise[..33], noise, new byte[1024], [.. Enumerable.Repeat((byte)0xff, 64)], "{"u8.ToArray(), "{}"u8.ToArray(), "[[[[[[[["u8.ToArray(), "null"u8.ToArray(),
            """{"kids":[null,1,{}],"keys":[{"kty":"oct"}]}"""u8.ToArray(), "<html><body>Not found</body></html>"u8.ToArray(), "<a><b/>"u8.ToArray(), Encoding.Unicode.GetBytes("<WRMHEADER"),
            [8, 2, 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x0a, 0x80], [0, 0, 0, 8, .. "pssh"u8], [.. "XMR\0"u8, 0, 0, 0, 1], [.. Enumerable.Repeat((byte)'a', 100_000)],
        ];
    }

    private static LeakScan Planted(KeySystemTrial trial)
    {
        LeakScan scan = new();
        foreach ((KeyId id, ReadOnlyMemory<byte> key) in trial.Subject.Keys)
            if (key.Span.ContainsAnyExcept(key.Span[0])) scan.Plant($"key {id}", key.Span);
        for (int i = 0; i < trial.Subject.Secrets.Count; i++) scan.Plant(string.Create(CultureInfo.InvariantCulture, $"secret {i + 1}"), trial.Subject.Secrets[i].Span);
        return scan;
    }

    private static void Report(LeakScan scan)
    {
        IReadOnlyList<Leak> leaks = scan.Find();
        Unless(leaks.Count == 0, leaks.Count == 0 ? "" : $"{leaks[0].Secret} is in {leaks[0].Place}, {leaks[0].Form}");
    }
}
