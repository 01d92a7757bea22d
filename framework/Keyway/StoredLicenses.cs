using System.Diagnostics.CodeAnalysis;
using Keyway.Licensing;
using Keyway.Licensing.Origins;
using Keyway.Sessions;

namespace Keyway;

/// <summary>The stored licences of an engine: lists them, renews them and gives them back, all without media.</summary>
/// <remarks>Threads: any. Ownership: the engine's.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "The engine stops it; what it holds is memory only.")]
public sealed class StoredLicenses
{
    private readonly ILicenseStore? _store;
    private readonly SessionEngine _sessions;
    private readonly Func<string, CancellationToken, ValueTask<IKeySystem>> _keySystem;
    private readonly Func<string, LicenseService> _service;
    private readonly CancellationTokenSource _lifetime = new();
    // One at a time: two releases of one licence would cross.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Task? _pending;

    internal StoredLicenses(
        ILicenseStore? store, SessionEngine sessions, Func<string, CancellationToken, ValueTask<IKeySystem>> keySystem, Func<string, LicenseService> service)
    {
        (_store, _sessions) = (store, sessions);
        (_keySystem, _service) = (keySystem, service);
    }

    /// <summary>Whether there is a store.</summary>
    public bool IsAvailable => _store is not null;

    private ILicenseStore Store => _store ?? throw new LicenseStoreException("there is no store for them");

    /// <summary>Lists what is stored.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The licences, the newest first, and what cannot be used.</returns>
    /// <exception cref="LicenseStoreException">There is no store, or it cannot be read at all.</exception>
    public ValueTask<StoredLicenseList> ListAsync(CancellationToken cancellationToken = default) => Store.ListAsync(cancellationToken);

    /// <summary>Renews a licence at its service, and stores what that brings.</summary>
    /// <param name="id">The licence.</param>
    /// <param name="options">What its request is made with, as when it was asked for: URL, headers, custom data, values, token. Everything else is not looked at.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The licence as it is now.</returns>
    /// <exception cref="LicenseServiceException">It could not be renewed; what is stored is as it was.</exception>
    /// <exception cref="LicenseStoreException">There is no such licence, or the store failed.</exception>
    public async ValueTask<StoredLicense> RenewAsync(StoredLicenseId id, PresentationOptions? options = null, CancellationToken cancellationToken = default)
    {
        await RunAsync(id, options, StoredPurpose.Renew, cancellationToken).ConfigureAwait(false);
        using StoredLicenseContent? now = await Store.ReadAsync(id, cancellationToken).ConfigureAwait(false);
        return now?.License ?? throw Unknown(id);
    }

    /// <summary>
    /// Gives a licence back. From the call on it serves nobody; that it is to be given back is stored before anything is sent, and it is sent again, by the
    /// next engine if need be, until its service has acknowledged it.
    /// </summary>
    /// <param name="id">The licence.</param>
    /// <param name="options">What its request is made with, as in <see cref="RenewAsync"/>.</param>
    /// <param name="cancellationToken">Stops waiting for the service.</param>
    /// <returns>A task that ends when it is given back and removed.</returns>
    /// <exception cref="LicenseServiceException">The service did not acknowledge it, or the key system has no words for it; of the latter it stays usable.</exception>
    /// <exception cref="LicenseStoreException">There is no such licence, or the store failed.</exception>
    public ValueTask ReleaseAsync(StoredLicenseId id, PresentationOptions? options = null, CancellationToken cancellationToken = default) =>
        RunAsync(id, options, StoredPurpose.Release, cancellationToken);

    /// <summary>Sends again what an earlier engine did not bring to an end. Failures leave it for the next.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>How many licences were given back.</returns>
    /// <exception cref="LicenseStoreException">There is no store, or it cannot be read at all.</exception>
    public async ValueTask<int> ReleasePendingAsync(CancellationToken cancellationToken = default)
    {
        int released = 0;
        StoredLicenseList list = await Store.ListAsync(cancellationToken).ConfigureAwait(false);
        foreach (StoredLicense license in list.Licenses.Where(static license => license.ReleaseAsked is not null))
        {
            try
            {
                await ReleaseAsync(license.Id, options: null, cancellationToken).ConfigureAwait(false);
                released++;
            }
            catch (Exception exception) when (exception is KeywayException or ArgumentException)
            {
                // It stays pending, and the session's facts have told why.
            }
        }

        return released;
    }

    /// <summary>Begins, once, what <see cref="ReleasePendingAsync"/> does, and returns. Opening a presentation begins it too.</summary>
    public void ReleasePendingInBackground()
    {
        if (_store is null || Volatile.Read(ref _pending) is not null) return;
        TaskCompletionSource mine = new();
        if (Interlocked.CompareExchange(ref _pending, mine.Task, null) is not null) return;
        _ = Task.Run(async () =>
        {
            try
            {
                await ReleasePendingAsync(_lifetime.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is KeywayException or OperationCanceledException or ObjectDisposedException)
            {
                // The next engine tries again; a store that fails is reported when it is needed.
            }
            finally
            {
                mine.TrySetResult();
            }
        });
    }

    /// <summary>Ends what is under way. What is pending stays so.</summary>
    internal async ValueTask StopAsync()
    {
        await _lifetime.CancelAsync().ConfigureAwait(false);
        if (Volatile.Read(ref _pending) is { } pending) await pending.ConfigureAwait(false);
    }

    private static LicenseStoreException Unknown(StoredLicenseId id) => new($"there is no licence {id}");

    private async ValueTask RunAsync(StoredLicenseId id, PresentationOptions? options, StoredPurpose purpose, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // A session that has it open does it itself: two sessions of one licence would contradict each other.
            if (_sessions.FindStored(id) is { } open)
            {
                await (purpose == StoredPurpose.Renew ? open.RenewNowAsync() : open.ReleaseAsync()).WaitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            StoredLicenseContent content = await Store.ReadAsync(id, cancellationToken).ConfigureAwait(false) ?? throw Unknown(id);
            try
            {
                KeyRingOptions ring = await OptionsOfAsync(content.License, options ?? new PresentationOptions(), cancellationToken).ConfigureAwait(false);
                await _sessions.RunStoredAsync(ring, content, purpose, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                content.Dispose();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async ValueTask<KeyRingOptions> OptionsOfAsync(StoredLicense license, PresentationOptions options, CancellationToken cancellationToken)
    {
        Uri? callers = options.LicenseUrl ?? (license.CallerNamedUrl ? license.LicenseUrl : null);
        return new KeyRingOptions
        {
            Presentation = PresentationId.Create(),
            KeySystem = await _keySystem(license.KeySystem, cancellationToken).ConfigureAwait(false),
            Service = _service(license.Provider),
            LicenseUrl = callers,
            // What content named then is content's word still.
            ContentUrls = callers is null && license.LicenseUrl is { } url ? [new LicenseUrlHint(url, $"the stored licence {license.Id}")] : [],
            RequestHeaders = options.LicenseHeaders,
            CustomData = options.CustomData,
            Values = options.Values,
            Tokens = options.Token,
            Kind = SessionKind.PersistentLicense,
            SharingScope = license.Scope,
        };
    }
}
