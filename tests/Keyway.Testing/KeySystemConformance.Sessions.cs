using System.Globalization;
using Keyway.Licensing;
using static Keyway.Testing.ConformanceFinding;

namespace Keyway.Testing;

/// <content>How sessions live: what is offered to them, what they save, and how they end.</content>
public sealed partial class KeySystemConformance
{
    private static async Task AnswersOffersAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, ConformanceHost host, _) = await trial.LicensedAsync().ConfigureAwait(false);
        foreach (InitializationData data in trial.Subject.Headers) await OfferAsync(session, Read(trial.System, data), "a good header that is offered").ConfigureAwait(false);
        SystemId system = trial.System.Descriptor.Systems[0];
        foreach (byte[] noise in Noise())
        {
            // As the framework does it: first read, then offered.
            InitializationData data = new() { Kind = InitializationDataKind.Pssh, System = system, Payload = noise };
            if (Read(trial.System, data, "noise") is { } header) await OfferAsync(session, header, string.Create(CultureInfo.InvariantCulture, $"a header of {noise.Length} bytes of noise that is offered")).ConfigureAwait(false);
        }

        Unless(host.Wrong is null, host.Wrong!);
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task LeavesForeignOffersAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync().ConfigureAwait(false);
        int before = host.Calls;
        ProtectionHeader foreign = new() { System = Foreign, Data = new byte[] { 1, 2, 3 }, KeyIds = [KeyId.FromOpaque("a key of somebody else"u8)] };
        HeaderOutcome? outcome = await OfferAsync(session, foreign, "a header of another system that is offered").ConfigureAwait(false);
        Unless(outcome is null or HeaderOutcome.NotMine, $"a header of another system is {outcome}");
        Unless(host.Calls == before, "a header of another system made it hand something to the framework");
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<HeaderOutcome?> OfferAsync(ILicenseSession session, ProtectionHeader header, string what)
    {
        HeaderOutcome? outcome = null;
        await KeySystemTrial.RefusalAsync(async () => outcome = await session.OfferHeaderAsync(header, CancellationToken.None).ConfigureAwait(false), what).ConfigureAwait(false);
        Unless(outcome is not { } said || Enum.IsDefined(said), $"{what} comes to {outcome}");
        return outcome;
    }

    private static async Task TakesUpSavedAsync(KeySystemTrial trial)
    {
        if (await SavedAsync(trial).ConfigureAwait(false) is not { } saved) return;
        (ILicenseSession session, ConformanceHost host) = await trial.OpenAsync(Stored(trial, saved)).ConfigureAwait(false);
        trial.CheckKeys(session, host, "taken up from what was saved");
        await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task RefusesDamagedSavedAsync(KeySystemTrial trial)
    {
        if (await SavedAsync(trial).ConfigureAwait(false) is not { } saved) return;
        (ILicenseSession right, ConformanceHost expected) = await trial.OpenAsync(Stored(trial, saved)).ConfigureAwait(false);
        await right.DisposeAsync().ConfigureAwait(false);
        foreach (int at in Places(saved.Length, trial.Subject.Alterations))
        {
            foreach ((string what, byte[] damaged) in ((string, byte[])[])[($"what was saved, cut after {at} bytes", saved[..at]), ($"what was saved, with a changed bit in byte {at}", Flip(saved, at, at % 8))])
            {
                if (damaged.Length == 0) continue;
                ConformanceHost host = new();
                LicenseServiceException? refusal = await KeySystemTrial.RefusalAsync(
                    async () => await (await trial.System.OpenSessionAsync(Stored(trial, damaged), host, CancellationToken.None).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false), what).ConfigureAwait(false);
                if (refusal is null && trial.Subject.LicensesAreSigned && host.Usable.Count > 0) Unless(expected.Differs(host) is null, $"{what} is taken up, and {expected.Differs(host)}");
            }
        }
    }

    private static SessionRequest Stored(KeySystemTrial trial, byte[] saved) => trial.Request with { Stored = saved, Kind = SessionKind.PersistentLicense };

    private static async Task<byte[]?> SavedAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, _, _) = await trial.LicensedAsync().ConfigureAwait(false);
        byte[]? saved = await SaveAsync(session).ConfigureAwait(false);
        await session.DisposeAsync().ConfigureAwait(false);
        return saved;
    }

    private static async Task KeepsSessionsApartAsync(KeySystemTrial trial)
    {
        // One behind the other, step by step; then all at once.
        (ILicenseSession one, ConformanceHost first) = await trial.OpenAsync().ConfigureAwait(false);
        (ILicenseSession two, ConformanceHost second) = await trial.OpenAsync().ConfigureAwait(false);
        (byte[] challenge, _) = await KeySystemTrial.AskAsync(one).ConfigureAwait(false);
        await trial.AcquireAsync(two).ConfigureAwait(false);
        trial.CheckKeys(two, second, "the second of two sessions");
        await two.DisposeAsync().ConfigureAwait(false);
        if (await one.AcceptAsync(trial.Subject.Answer(challenge), CancellationToken.None).ConfigureAwait(false) != LicenseOutcome.Complete) await trial.AcquireAsync(one).ConfigureAwait(false);
        trial.CheckKeys(one, first, "a session beside which another one has ended");
        await one.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(async () =>
        {
            (ILicenseSession own, ConformanceHost mine, IReadOnlyList<LicenseAnswer> _) = await trial.LicensedAsync().ConfigureAwait(false);
            trial.CheckKeys(own, mine, "one of eight sessions at once");
            await own.DisposeAsync().ConfigureAwait(false);
        }))).ConfigureAwait(false);
    }

    private static async Task DisposesSessionsAsync(KeySystemTrial trial)
    {
        (ILicenseSession session, _) = await trial.OpenAsync().ConfigureAwait(false);
        await EndsAsync(session, "before it was used").ConfigureAwait(false);
        await EndsAsync(session, "a second time").ConfigureAwait(false);
        (session, _) = await trial.OpenAsync().ConfigureAwait(false);
        (byte[] challenge, _) = await KeySystemTrial.AskAsync(session).ConfigureAwait(false);
        LicenseAnswer answer = trial.Subject.Answer(challenge);
        ILicenseSession opening = session;

        // The framework waits for calls; one that it has given up on may still be under way.
        Task accepted = Task.Run(async () => await opening.AcceptAsync(answer, CancellationToken.None).ConfigureAwait(false));
        await EndsAsync(session, "while it opened an answer").ConfigureAwait(false);
        try
        {
            await WithinAsync(accepted.ContinueWith(static _ => { }, TaskScheduler.Default), "its session was disposed").ConfigureAwait(false);
            await accepted.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LicenseServiceException or ObjectDisposedException or OperationCanceledException)
        {
            // It may well notice.
        }
        catch (Exception exception) when (exception is not (ConformanceFinding or OutOfMemoryException))
        {
            throw new ConformanceFinding($"opening an answer while the session is disposed threw {PluginText.Of(exception)}");
        }
    }

    private static async Task EndsAsync(ILicenseSession session, string when)
    {
        try
        {
            await WithinAsync(session.DisposeAsync().AsTask(), $"it was disposed {when}").ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not (ConformanceFinding or OutOfMemoryException))
        {
            throw new ConformanceFinding($"disposed {when}, a session threw {PluginText.Of(exception)}");
        }
    }

    private static async Task DisposesAsync(KeySystemTrial trial)
    {
        IKeySystem other = trial.Subject.Create();
        await other.StartAsync(CancellationToken.None).ConfigureAwait(false);
        await other.DisposeAsync().ConfigureAwait(false);
        try
        {
            await other.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new ConformanceFinding($"disposed a second time, it threw {PluginText.Of(exception)}");
        }

        (ILicenseSession session, ConformanceHost host, _) = await trial.LicensedAsync().ConfigureAwait(false);
        trial.CheckKeys(session, host, "beside another one that was disposed");
        await session.DisposeAsync().ConfigureAwait(false);
    }
}
