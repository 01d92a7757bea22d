using Keyway.Licensing;
using Microsoft.Extensions.Logging;

namespace Keyway.ClearKey;

/// <summary>The key system: says what it is, reads headers, opens sessions. It holds no key and no state of a session.</summary>
/// <param name="configured">The keys that configuration gives without a server.</param>
/// <param name="logger">Where to log.</param>
internal sealed class ClearKeySystem(ConfiguredKeys configured, ILogger logger) : IKeySystem
{
    /// <inheritdoc/>
    public KeySystemDescriptor Descriptor { get; } = new()
    {
        Name = ClearKeyConstants.Name,
        Systems = [ClearKeyConstants.DashIfSystem, ClearKeyConstants.CommonSystem],
        Designators = [ClearKeyConstants.EmeName],
        ChallengeIdentifiesDevice = false,   // a request is a list of key identifiers, which stand in the content anyway
    };

    /// <inheritdoc/>
    public ProtectionHeader ParseHeader(InitializationData data) => ClearKeyHeader.Read(data);

    /// <inheritdoc/>
    public ValueTask StartAsync(CancellationToken cancellationToken) => configured.CheckAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken)
    {
        List<ClearKeyId> wanted = [.. request.Headers.SelectMany(ClearKeyHeader.Identifiers)];
        wanted.AddRange(request.Keys.Select(key => ClearKeyId.Of(key.Id)));   // content without any header is known by these alone
        if (wanted.Count == 0) throw ClearKeyError.NothingWanted();

        ClearKeySession session = new(wanted.DistinctBy(id => id.Id), configured, host, logger);
        await session.ImportConfiguredAsync(cancellationToken).ConfigureAwait(false);
        return session;
    }
}
