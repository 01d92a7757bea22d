using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Testing;

namespace Keyway.Sessions;

/// <summary>Licences that outlive their sessions: engines are made and disposed, the clock and what is stored remain.</summary>
public abstract class StoredScenario
{
    private protected static readonly OutputRequirement Export = new() { ClearExport = true };

    private protected static readonly KeyPolicy Forever = new() { Output = Export, MayPersist = true };

    private protected ManualClock Clock { get; } = new();

    private protected MemoryLicenseStore Store { get; } = new();

    private protected DateTimeOffset Now => Clock.GetUtcNow();

    private protected Bench Start(KeyPolicy policy, ManualClock? clock = null) => new(clock ?? Clock, Store) { System = new FakeKeySystem { Policy = policy, Saves = true } };

    /// <summary>The stored licences, as an engine over the bench would offer them.</summary>
    private protected StoredLicenses LicensesOf(Bench bench) =>
        new(Store, bench.Engine, (_, _) => new ValueTask<IKeySystem>(bench.System), _ => bench.Service);

    private protected static void Stop(Bench bench)
    {
        for (int i = 0; i < 10; i++) bench.Server.Next((_, _) => throw new LicenseServiceException(LicenseErrorKind.Network, "there is no server"));
    }

    private protected static KeyRingSession Join(Bench bench, Func<KeyRingOptions, KeyRingOptions>? change = null) =>
        bench.Join(change: options => (change?.Invoke(options) ?? options) with { Kind = SessionKind.PersistentLicense });

    private protected static Task<KeyRingSession> AcquireAsync(Bench bench, params int[] kids) => AcquireAsync(bench, change: null, kids);

    private protected static async Task<KeyRingSession> AcquireAsync(Bench bench, Func<KeyRingOptions, KeyRingOptions>? change, params int[] kids)
    {
        foreach (int kid in kids) bench.Server.Add(Bench.Kid(kid));
        KeyRingSession ring = Join(bench, change);
        await ring.NeedAsync([FakeKeySystem.Header([.. kids.Select(Bench.Kid)])], [.. kids.Select(Bench.Want)], CancellationToken.None);
        return ring;
    }

    private protected static async Task<KeyRingSession> NeedAsync(Bench bench, params int[] kids)
    {
        KeyRingSession ring = Join(bench);
        await ring.NeedAsync([FakeKeySystem.Header([.. kids.Select(Bench.Kid)])], [.. kids.Select(Bench.Want)], CancellationToken.None);
        return ring;
    }

    private protected static ValueTask BeginAsync(KeyRingSession ring, params int[] kids) =>
        ring.BeginUseAsync([.. kids.Select(Bench.Kid)], OutputCapabilities.None, null, CancellationToken.None);

    private protected static async Task<DecryptStatus> PlayAsync(Bench bench, KeyRingSession ring, int kid)
    {
        await Bench.WaitAsync(ring, kid);
        await BeginAsync(ring, kid);
        return bench.Use(ring, kid);
    }

    private protected static async Task<LicenseServiceException> RefusalAsync(KeyRingSession ring, int kid)
    {
        Func<Task> wait = async () => await Bench.WaitAsync(ring, kid);
        KeyUnavailableException refusal = (await wait.Should().ThrowAsync<KeyUnavailableException>()).Which;
        refusal.Reason.Should().Be(KeyUnavailableReason.LicenseFailed);
        return refusal.InnerException.Should().BeOfType<LicenseServiceException>().Subject;
    }
}
