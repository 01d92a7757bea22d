using System.Buffers;
using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>One key system under test, started, with its headers read: sessions are opened and taken through their exchanges.</summary>
internal sealed class KeySystemTrial : IAsyncDisposable
{
    // A service certificate, an individualisation, a licence: who needs more exchanges than this asks in a circle.
    private const int MostExchanges = 6;

    private KeySystemTrial(KeySystemUnderTest subject, IKeySystem system) => (Subject, System) = (subject, system);

    public KeySystemUnderTest Subject { get; }

    public IKeySystem System { get; }

    public SessionRequest Request => new()
    {
        Headers = [System.ParseHeader(Subject.Headers[0])],
        Keys = [.. Subject.Keys.Keys.Select(id => new WantedKey { Id = id, Scheme = Subject.Scheme })],
    };

    public static async Task<KeySystemTrial> StartAsync(KeySystemUnderTest subject)
    {
        ConformanceFinding.Unless(subject.Headers.Count > 0 && subject.Keys.Count > 0, "the suite was given no header, or no key");
        IKeySystem system = subject.Create();
        await system.StartAsync(CancellationToken.None).ConfigureAwait(false);
        return new KeySystemTrial(subject, system);
    }

    public async Task<(ILicenseSession Session, ConformanceHost Host)> OpenAsync(SessionRequest? request = null)
    {
        ConformanceHost host = new();
        ILicenseSession session = await System.OpenSessionAsync(request ?? Request, host, CancellationToken.None).ConfigureAwait(false);
        ConformanceFinding.Unless(session is not null, "a session is null when it is opened");
        return (session!, host);
    }

    public static async Task<(byte[] Bytes, ChallengeInfo Info)> AskAsync(ILicenseSession session, ChallengeKind kind = ChallengeKind.License)
    {
        ArrayBufferWriter<byte> written = new();
        ChallengeInfo info = await session.WriteChallengeAsync(new ChallengeRequest { Kind = kind }, written, CancellationToken.None).ConfigureAwait(false);
        ConformanceFinding.Unless(info is not null, "a challenge was written, and nothing is said of it");
        return (written.WrittenSpan.ToArray(), info!);
    }

    /// <summary>Takes a session through its exchanges until its licence is there.</summary>
    /// <param name="session">The session.</param>
    /// <param name="alter">What is done to an answer before it is handed over: the number of the exchange, and the body.</param>
    /// <returns>The answers as they were handed over.</returns>
    public async Task<IReadOnlyList<LicenseAnswer>> AcquireAsync(ILicenseSession session, Func<int, byte[], ReadOnlySequence<byte>>? alter = null)
    {
        List<LicenseAnswer> answers = [];
        while (true)
        {
            (byte[] challenge, _) = await AskAsync(session).ConfigureAwait(false);
            LicenseAnswer answer = Subject.Answer(challenge);
            byte[] body = answer.Body.ToArray();
            if (alter is not null) answer = answer with { Body = alter(answers.Count, body) };
            else answer = answer with { Body = new ReadOnlySequence<byte>(body) };
            answers.Add(answer);
            LicenseOutcome outcome = await session.AcceptAsync(answer, CancellationToken.None).ConfigureAwait(false);
            ConformanceFinding.Unless(outcome is LicenseOutcome.Complete or LicenseOutcome.AnotherExchangeNeeded, $"accepting an answer came to {outcome}");
            if (outcome == LicenseOutcome.Complete) return answers;
            ConformanceFinding.Unless(answers.Count < MostExchanges, $"after {MostExchanges} exchanges there is no licence yet");
        }
    }

    /// <summary>Opens a session, and takes it to its licence.</summary>
    public async Task<(ILicenseSession Session, ConformanceHost Host, IReadOnlyList<LicenseAnswer> Answers)> LicensedAsync()
    {
        (ILicenseSession session, ConformanceHost host) = await OpenAsync().ConfigureAwait(false);
        return (session, host, await AcquireAsync(session).ConfigureAwait(false));
    }

    /// <summary>Checks that a session has brought every key, with its bytes.</summary>
    public void CheckKeys(ILicenseSession session, ConformanceHost host, string what)
    {
        ConformanceFinding.Unless(host.Wrong is null, $"{what}: {host.Wrong}");
        foreach ((KeyId id, ReadOnlyMemory<byte> key) in Subject.Keys)
        {
            ConformanceFinding.Unless(host.Usable.Contains(id), $"{what}: key {id} did not come");
            if (host.KeyOf(id) is { } came) ConformanceFinding.Unless(came.AsSpan().SequenceEqual(key.Span), $"{what}: key {id} came with other bytes");
            else ConformanceFinding.Unless(session.Decryptor is not null, $"{what}: key {id} was not imported, and the session has no decryptor of its own");
        }
    }

    /// <summary>What a call was refused with.</summary>
    /// <returns>The refusal; <see langword="null"/>: it was not refused.</returns>
    /// <exception cref="ConformanceFinding">It threw something else than the contract says.</exception>
    public static async Task<LicenseServiceException?> RefusalAsync(Func<Task> call, string what, bool mayBeCancelled = false)
    {
        try
        {
            await call().ConfigureAwait(false);
            return null;
        }
        catch (LicenseServiceException refusal)
        {
            ConformanceFinding.Unless(Enum.IsDefined(refusal.Kind), $"{what}: it was refused with the kind {refusal.Kind}, which is none");
            return refusal;
        }
        catch (OperationCanceledException) when (mayBeCancelled)
        {
            return null;
        }
        catch (Exception exception) when (exception is not (ConformanceFinding or OutOfMemoryException))
        {
            throw new ConformanceFinding($"{what}: it threw {PluginText.Of(exception)}, and not LicenseServiceException");
        }
    }

    public ValueTask DisposeAsync() => System.DisposeAsync();
}
