using System.Buffers;
using System.Globalization;
using Keyway.Decryption;
using Keyway.Licensing;
using Microsoft.Win32.SafeHandles;
using static Keyway.Testing.ConformanceFinding;

namespace Keyway.Testing;

/// <content>What comes of answers: keys, refusals, and what stays of either.</content>
public sealed partial class KeySystemConformance
{
    private static async Task BringsKeysAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, ConformanceHost host, _) = await trial.LicensedAsync().ConfigureAwait(false);
        trial.CheckKeys(session, host, "a licence");
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task OpensSamplesAsync(KeySystemTrial trial)
    {
        using VaultSessionHost vault = new(TimeProvider.System);
        ILicenseSession session = await trial.System.OpenSessionAsync(trial.Request, vault, CancellationToken.None).ConfigureAwait(false);
        if (session.Decryptor is null)
        {
            await trial.AcquireAsync(session).ConfigureAwait(false);
            foreach (KeyEntry entry in vault.Keys)
            {
                if (!trial.Subject.Keys.TryGetValue(entry.Id, out ReadOnlyMemory<byte> key)) continue;
                DecryptStatus status = vault.Decrypt(entry.Id, key.Span);
                bool mayRefuse = entry.Status != KeyStatus.Usable || !entry.Policy.Output.ClearExport;
                Unless(status == DecryptStatus.Decrypted || (mayRefuse && status == DecryptStatus.KeyNotUsable) || status == DecryptStatus.KeyNotUsable && HasTime(entry.Policy), $"key {entry.Id}, {entry.Status}, does not open a sample: {status}");
            }
        }

        await session.DisposeAsync().ConfigureAwait(false);

        // A licence of a test's own time is over by the clock that is used here.
        static bool HasTime(KeyPolicy policy) => (policy.NotBefore ?? policy.NotAfter ?? policy.FirstUseBefore) is not null;
    }

    private static async Task ClearsKeysAsync(KeySystemTrial trial)
    {
        // Another process's view of our memory: an address that is no longer mapped is an error of the read and not of ours.
        const string memory = "/proc/self/mem";
        if (!File.Exists(memory)) return;
        using SafeFileHandle self = File.OpenHandle(memory, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        for (int attempt = 0; attempt < 100; attempt++)
        {
            int collections = GC.CollectionCount(0);
            (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
            int before = host.Lay.Count;
            byte[]? last = null;
            await trial.AcquireAsync(session, (_, body) => new ReadOnlySequence<byte>(last = body)).ConfigureAwait(false);
            Array.Clear(last!);
            byte[] there = new byte[16];
            (nint At, byte[] Key)[] left = [.. host.Lay.Skip(before).Where(lay => Peek(self, lay.At, there) && there.AsSpan().SequenceEqual(lay.Key))];
            await session.DisposeAsync().ConfigureAwait(false);

            // A collection may have moved what lay there, and what stays behind is nobody's any more.
            if (GC.CollectionCount(0) != collections) continue;
            Unless(left.Length == 0, $"{left.Length} of {host.Lay.Count} keys are still in the buffer that they were imported from");
            return;
        }
    }

    private static bool Peek(SafeFileHandle memory, nint at, Span<byte> bytes)
    {
        try
        {
            return RandomAccess.Read(memory, bytes, at) == bytes.Length;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            return false;
        }
    }

    private static async Task LeavesAnswersAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
        List<byte[]> bodies = [];
        await trial.AcquireAsync(session, (_, body) =>
        {
            foreach (byte[] before in bodies) Array.Fill(before, (byte)0xa5);
            bodies.Add(body);
            return new ReadOnlySequence<byte>(body);
        }).ConfigureAwait(false);
        foreach (byte[] body in bodies) Array.Fill(body, (byte)0xa5);
        trial.CheckKeys(session, host, "with its answers overwritten");

        // What is saved is read from what was kept, and must be the same as of a session whose answer was left alone.
        byte[]? saved = await SaveAsync(session).ConfigureAwait(false);
        await session.DisposeAsync().ConfigureAwait(false);
        if (saved is null) return;
        (ILicenseSession again, ConformanceHost resumed) = await trial.OpenAsync(trial.Request with { Stored = saved, Kind = SessionKind.PersistentLicense }).ConfigureAwait(false);
        trial.CheckKeys(again, resumed, "taken up from what was saved when its answers were overwritten");
        await again.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task ReadsPiecesAsync(KeySystemTrial trial)
    {
        foreach (int size in (int[])[1, 7, 100])
        {
            (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
            await trial.AcquireAsync(session, (_, body) => Pieces(body, size)).ConfigureAwait(false);
            trial.CheckKeys(session, host, string.Create(CultureInfo.InvariantCulture, $"an answer in pieces of {size} bytes"));
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static Task RefusesCutsAsync(KeySystemTrial trial) => AlterAsync(trial, whole: true, static (body, at) => body[..at], static at => $"an answer cut after {at} bytes");

    private static Task RefusesFlipsAsync(KeySystemTrial trial) => AlterAsync(trial, trial.Subject.LicensesAreSigned, static (body, at) => Flip(body, at, at * 5 % 8), static at => $"an answer with a changed bit in byte {at}");

    /// <summary>Alters the answer of each exchange in many places, on a fresh session each time.</summary>
    private static async Task AlterAsync(KeySystemTrial trial, bool whole, Func<byte[], int, byte[]> alter, Func<int, string> what)
    {
        (ILicenseSession right, ConformanceHost expected, IReadOnlyList<LicenseAnswer> answers) = await trial.LicensedAsync().ConfigureAwait(false);
        await right.DisposeAsync().ConfigureAwait(false);
        for (int exchange = 0; exchange < answers.Count; exchange++)
        {
            bool isLast = exchange == answers.Count - 1;
            foreach (int at in Places((int)answers[exchange].Body.Length, trial.Subject.Alterations / answers.Count))
            {
                int altered = exchange;
                (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
                int before = host.Calls;
                LicenseServiceException? refusal = await KeySystemTrial.RefusalAsync(
                    // Answers need not be of one length each time.
                    () => trial.AcquireAsync(session, (number, body) => new ReadOnlySequence<byte>(number == altered && at < body.Length ? alter(body, at) : body)), what(at)).ConfigureAwait(false);
                if (refusal is not null) Unless(host.Calls == before || !isLast, $"{what(at)} is refused ({refusal.Kind}), and yet something was handed to the framework before");
                else
                {
                    Unless(host.Wrong is null, $"{what(at)}: {host.Wrong}");
                    if (whole) Unless(expected.Differs(host) is null, $"{what(at)} is taken, and {expected.Differs(host)}");
                }

                await session.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task RefusesGarbageAsync(KeySystemTrial trial)
    {
        foreach (byte[] noise in Noise())
        {
            (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
            int before = host.Calls;
            await KeySystemTrial.AskAsync(session).ConfigureAwait(false);
            string what = string.Create(CultureInfo.InvariantCulture, $"an answer of {noise.Length} bytes that is no licence");
            LicenseServiceException? refusal = await KeySystemTrial.RefusalAsync(async () => await session.AcceptAsync(Answer(noise), CancellationToken.None).ConfigureAwait(false), what).ConfigureAwait(false);
            Unless(refusal is not null, $"{what} is taken for one");
            Unless(host.Calls == before, $"{what} is refused, and yet something was handed to the framework before");
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task RefusesOthersAnswersAsync(KeySystemTrial trial)
    {
        if (!trial.Subject.AnswersAreBound) return;
        (ILicenseSession one, _, IReadOnlyList<LicenseAnswer> answers) = await trial.LicensedAsync().ConfigureAwait(false);
        (ILicenseSession other, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
        await KeySystemTrial.AskAsync(other).ConfigureAwait(false);
        int before = host.Calls;
        LicenseServiceException? refusal = await KeySystemTrial.RefusalAsync(async () => await other.AcceptAsync(answers[^1], CancellationToken.None).ConfigureAwait(false), "an answer to another challenge").ConfigureAwait(false);
        Unless(refusal is not null, "an answer to another challenge is taken");
        Unless(host.Calls == before, "an answer to another challenge is refused, and yet something was handed to the framework before");
        await one.DisposeAsync().ConfigureAwait(false);
        await other.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task TakesAnswersAgainAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, ConformanceHost host, IReadOnlyList<LicenseAnswer> answers) = await trial.LicensedAsync().ConfigureAwait(false);
        byte[][] keys = [.. trial.Subject.Keys.Keys.Select(id => host.KeyOf(id) ?? [])];
        await KeySystemTrial.RefusalAsync(async () => await session.AcceptAsync(answers[^1], CancellationToken.None).ConfigureAwait(false), "the same answer a second time").ConfigureAwait(false);
        Unless(trial.Subject.Keys.Keys.Select(id => host.KeyOf(id) ?? []).Zip(keys).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second)), "a key has other bytes after the same answer came a second time");
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task LooksForRefusalsAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, _) = await trial.OpenAsync().ConfigureAwait(false);
        (byte[] challenge, _) = await KeySystemTrial.AskAsync(session).ConfigureAwait(false);
        LicenseAnswer good = trial.Subject.Answer(challenge);
        Unless(Look(good, "a good answer") is null, "it sees a refusal in a good answer");
        foreach (int status in (int[])[200, 204, 400, 401, 403, 404, 429, 500, 503])
            foreach (byte[] noise in Noise()) Look(Answer(noise) with { Status = status }, string.Create(CultureInfo.InvariantCulture, $"{noise.Length} bytes of noise under status {status}"));
        await session.DisposeAsync().ConfigureAwait(false);

        LicenseServiceException? Look(LicenseAnswer answer, string what)
        {
            try
            {
                return session.ReadRefusal(answer);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                throw new ConformanceFinding($"{what}: looking for a refusal threw {PluginText.Of(exception)}");
            }
        }
    }

    private static async Task KeepsSecretsFromTextsAsync(KeySystemTrial trial)
    {
        LeakScan scan = Planted(trial);
        (ILicenseSession right, _, IReadOnlyList<LicenseAnswer> answers) = await trial.LicensedAsync().ConfigureAwait(false);
        await right.DisposeAsync().ConfigureAwait(false);
        foreach (int at in Places((int)answers[^1].Body.Length, 24))
        {
            foreach (bool cut in (bool[])[true, false])
            {
                (ILicenseSession session, _) = await trial.OpenAsync().ConfigureAwait(false);
                LicenseServiceException? refusal = await KeySystemTrial.RefusalAsync(
                    () => trial.AcquireAsync(session, (number, body) => new ReadOnlySequence<byte>(number != answers.Count - 1 || at >= body.Length ? body : cut ? body[..at] : Flip(body, at, 3))), "an altered answer").ConfigureAwait(false);
                if (refusal is not null)
                {
                    scan.Add(string.Create(CultureInfo.InvariantCulture, $"the refusal of an answer altered at byte {at}"), refusal);
                    scan.Add("its advice", refusal.Advice);
                }

                await session.DisposeAsync().ConfigureAwait(false);
            }
        }

        Report(scan);
    }

    private static async Task<byte[]?> SaveAsync(ILicenseSession session)
    {
        ArrayBufferWriter<byte> written = new();
        return await session.SaveAsync(written, CancellationToken.None).ConfigureAwait(false) ? written.WrittenSpan.ToArray() : null;
    }

    private static LicenseAnswer Answer(byte[] body) => new() { Status = 200, ContentType = "application/octet-stream", Body = new ReadOnlySequence<byte>(body) };

    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int size)
    {
        Piece first = new(bytes.AsMemory(0, Math.Min(size, bytes.Length)), 0);
        Piece last = first;
        for (int at = size; at < bytes.Length; at += size) last = last.Append(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long at) => (Memory, RunningIndex) = (memory, at);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            Piece next = new(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
