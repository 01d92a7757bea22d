using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Sessions;

namespace Keyway.Testing;

/// <summary>
/// What every store of licences promises, as checks that need no test framework: call <see cref="CheckAsync"/> once for each of <see cref="Promises"/>.
/// </summary>
/// <param name="create">Makes an empty store; called once a check.</param>
public sealed class LicenseStoreConformance(Func<ILicenseStore> create)
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, Func<ILicenseStore, Task>> Checks = new(StringComparer.Ordinal)
    {
        ["What was added is read and listed as it was"] = KeepsEverythingAsync,
        ["The newest stands first"] = ListsNewestFirstAsync,
        ["A change keeps what was saved, unless it brings something else"] = ChangesAsync,
        ["A change that throws changes nothing"] = SurvivesFaultsAsync,
        ["Of changes at the same time none is lost"] = LosesNothingAsync,
        ["What is not there is neither read, changed nor removed"] = KnowsWhatIsNotThereAsync,
        ["What was removed is gone"] = RemovesAsync,
        ["Zeroing what was given or read does not touch what is stored"] = CopiesAsync,
    };

    /// <summary>The promises, each a sentence.</summary>
    public static IReadOnlyCollection<string> Promises => Checks.Keys;

    /// <summary>A licence with everything that can be said of one.</summary>
    /// <param name="created">When it came.</param>
    /// <returns>The licence.</returns>
    public static StoredLicense Example(DateTimeOffset created) => new()
    {
        Id = StoredLicenseId.Create(),
        KeySystem = "fake",
        Provider = "acme",
        Scope = "living room",
        LicenseUrl = new Uri("https://license.example/a%20b"),
        CallerNamedUrl = true,
        Created = created,
        LastSeen = created.AddMinutes(3).AddTicks(1),
        ReleaseAsked = created.AddHours(1),
        Headers =
        [
            new StoredHeader { System = FakeKeySystem.System, Data = new byte[] { 0, 1, 255 }, Box = new byte[] { 0, 0, 0, 9, 0, 1, 255 }, KeyIds = [new KeyId(1)] },
            new StoredHeader { Kind = InitializationDataKind.KeyIds, System = FakeKeySystem.System },
        ],
        Keys =
        [
            new StoredKey
            {
                Id = new KeyId(UInt128.MaxValue),
                Scheme = ProtectionScheme.Cbcs,
                FirstUse = created.AddTicks(7),
                Policy = new KeyPolicy
                {
                    NotBefore = created.AddHours(-1),
                    NotAfter = created.AddHours(9),
                    FirstUseBefore = created.AddDays(30),
                    AfterFirstUse = TimeSpan.FromHours(48),
                    FirstUseGrace = TimeSpan.FromSeconds(2),
                    MayFinish = true,
                    RenewAt = created.AddHours(5),
                    RenewEvery = TimeSpan.FromMinutes(1),
                    RenewOnFirstUse = true,
                    RenewalGrace = TimeSpan.FromHours(3),
                    MayPersist = true,
                },
            },
            new StoredKey { Id = new KeyId(1), Policy = new KeyPolicy { MayPersist = true } },
        ],
    };

    /// <summary>Checks one promise on a fresh store.</summary>
    /// <param name="promise">One of <see cref="Promises"/>.</param>
    /// <returns>A task that ends when the promise has been checked.</returns>
    /// <exception cref="InvalidOperationException">The store does not keep it.</exception>
    public Task CheckAsync(string promise) => Checks[promise](create());

    private static async Task KeepsEverythingAsync(ILicenseStore store)
    {
        StoredLicense full = Example(Noon);
        StoredLicense bare = new() { Id = StoredLicenseId.Create(), KeySystem = "fake", Provider = "direct", Keys = [], Created = Noon.AddDays(-1), LastSeen = Noon };
        await store.AddAsync(full, Bytes(1, 2, 3), CancellationToken.None).ConfigureAwait(false);
        await store.AddAsync(bare, Bytes(4), CancellationToken.None).ConfigureAwait(false);
        using StoredLicenseContent? first = await store.ReadAsync(full.Id, CancellationToken.None).ConfigureAwait(false);
        using StoredLicenseContent? second = await store.ReadAsync(bare.Id, CancellationToken.None).ConfigureAwait(false);
        Same(full, first!.License);
        Same(bare, second!.License);
        Check(first.Saved.Span.SequenceEqual(Bytes(1, 2, 3).Span) && second.Saved.Span.SequenceEqual(Bytes(4).Span), "what was saved differs");
        StoredLicenseList list = await store.ListAsync(CancellationToken.None).ConfigureAwait(false);
        Check(list.Problems.Count == 0 && list.Licenses.Count == 2, "the list is not of two licences");
        Same(full, list.Licenses[0]);
        Same(bare, list.Licenses[1]);
    }

    private static async Task ListsNewestFirstAsync(ILicenseStore store)
    {
        foreach (int day in (int[])[2, 3, 1]) await store.AddAsync(Example(Noon.AddDays(day)), Bytes(1), CancellationToken.None).ConfigureAwait(false);
        StoredLicenseList list = await store.ListAsync(CancellationToken.None).ConfigureAwait(false);
        Check(list.Licenses.Select(static license => license.Created).SequenceEqual([Noon.AddDays(3), Noon.AddDays(2), Noon.AddDays(1)]), "another order");
    }

    private static async Task ChangesAsync(ILicenseStore store)
    {
        StoredLicense license = Example(Noon);
        await store.AddAsync(license, Bytes(1), CancellationToken.None).ConfigureAwait(false);
        StoredLicense? changed = await store.ChangeAsync(license.Id, static old => old with { LastSeen = Noon.AddDays(1) }, default, CancellationToken.None).ConfigureAwait(false);
        Same(license with { LastSeen = Noon.AddDays(1) }, changed!);
        using (StoredLicenseContent? read = await store.ReadAsync(license.Id, CancellationToken.None).ConfigureAwait(false))
        {
            Same(changed!, read!.License);
            Check(read.Saved.Span.SequenceEqual(Bytes(1).Span), "what was saved has changed");
        }

        await store.ChangeAsync(license.Id, static old => old, Bytes(2, 3), CancellationToken.None).ConfigureAwait(false);
        using StoredLicenseContent? renewed = await store.ReadAsync(license.Id, CancellationToken.None).ConfigureAwait(false);
        Same(changed!, renewed!.License);
        Check(renewed.Saved.Span.SequenceEqual(Bytes(2, 3).Span), "what was saved has not changed");
    }

    private static async Task SurvivesFaultsAsync(ILicenseStore store)
    {
        StoredLicense license = Example(Noon);
        await store.AddAsync(license, Bytes(1), CancellationToken.None).ConfigureAwait(false);
        try
        {
            await store.ChangeAsync(license.Id, static _ => throw new InvalidTimeZoneException(), Bytes(2), CancellationToken.None).ConfigureAwait(false);
            Check(false, "the fault was lost");
        }
        catch (InvalidTimeZoneException)
        {
            using StoredLicenseContent? read = await store.ReadAsync(license.Id, CancellationToken.None).ConfigureAwait(false);
            Same(license, read!.License);
            Check(read.Saved.Span.SequenceEqual(Bytes(1).Span), "what was saved has changed");
        }
    }

    private static async Task LosesNothingAsync(ILicenseStore store)
    {
        const int changes = 40;
        StoredLicense license = Example(Noon);
        await store.AddAsync(license, Bytes(1), CancellationToken.None).ConfigureAwait(false);
        await Task.WhenAll(Enumerable.Range(0, changes).Select(_ => Task.Run(async () =>
            await store.ChangeAsync(license.Id, static old => old with { LastSeen = old.LastSeen.AddSeconds(1) }, default, CancellationToken.None).ConfigureAwait(false)))).ConfigureAwait(false);
        using StoredLicenseContent? read = await store.ReadAsync(license.Id, CancellationToken.None).ConfigureAwait(false);
        Check(read!.License.LastSeen == license.LastSeen.AddSeconds(changes), "a change was lost");
    }

    private static async Task KnowsWhatIsNotThereAsync(ILicenseStore store)
    {
        StoredLicenseId id = StoredLicenseId.Create();
        Check(await store.ReadAsync(id, CancellationToken.None).ConfigureAwait(false) is null, "it was read");
        Check(await store.ChangeAsync(id, static old => old, Bytes(1), CancellationToken.None).ConfigureAwait(false) is null, "it was changed");
        Check(!await store.RemoveAsync(id, CancellationToken.None).ConfigureAwait(false), "it was removed");
        Check((await store.ListAsync(CancellationToken.None).ConfigureAwait(false)).Licenses.Count == 0, "it is listed");
    }

    private static async Task RemovesAsync(ILicenseStore store)
    {
        StoredLicense license = Example(Noon);
        StoredLicense other = Example(Noon);
        await store.AddAsync(license, Bytes(1), CancellationToken.None).ConfigureAwait(false);
        await store.AddAsync(other, Bytes(1), CancellationToken.None).ConfigureAwait(false);
        Check(await store.RemoveAsync(license.Id, CancellationToken.None).ConfigureAwait(false), "it was not removed");
        Check(await store.ReadAsync(license.Id, CancellationToken.None).ConfigureAwait(false) is null, "it is still there");
        Check((await store.ListAsync(CancellationToken.None).ConfigureAwait(false)).Licenses.Single().Id == other.Id, "another was removed");
    }

    private static async Task CopiesAsync(ILicenseStore store)
    {
        StoredLicense license = Example(Noon);
        byte[] mine = [1, 2, 3];
        await store.AddAsync(license, mine, CancellationToken.None).ConfigureAwait(false);
        Array.Clear(mine);
        StoredLicenseContent? first = await store.ReadAsync(license.Id, CancellationToken.None).ConfigureAwait(false);
        first!.Dispose();
        Check(first.Saved.Span.IndexOfAnyExcept((byte)0) < 0, "what was read is not zeroed");
        using StoredLicenseContent? second = await store.ReadAsync(license.Id, CancellationToken.None).ConfigureAwait(false);
        Check(second!.Saved.Span.SequenceEqual(Bytes(1, 2, 3).Span), "what is stored was touched");
    }

    private static ReadOnlyMemory<byte> Bytes(params byte[] bytes) => bytes;

    private static void Same(StoredLicense expected, StoredLicense actual)
    {
        Check(expected.Keys.SequenceEqual(actual.Keys), "the keys differ");
        Check(expected.Headers.Count == actual.Headers.Count && expected.Headers.Zip(actual.Headers).All(static pair => IsSame(pair.First, pair.Second)), "the headers differ");
        Check(expected with { Keys = [], Headers = [] } == actual with { Keys = [], Headers = [] }, $"{actual} is not {expected}");
    }

    private static bool IsSame(StoredHeader expected, StoredHeader actual) =>
        expected.Kind == actual.Kind && expected.System == actual.System && expected.Data.Span.SequenceEqual(actual.Data.Span) && expected.Box.Span.SequenceEqual(actual.Box.Span) && expected.KeyIds.SequenceEqual(actual.KeyIds);

    private static void Check(bool kept, string otherwise)
    {
        if (!kept) throw new InvalidOperationException(otherwise);
    }
}
