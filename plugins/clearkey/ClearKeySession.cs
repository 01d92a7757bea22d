using System.Buffers;
using Keyway.Licensing;
using Microsoft.Extensions.Logging;

namespace Keyway.ClearKey;

/// <summary>The protocol half of one session: asks for the keys it lacks and hands those that come to the framework.</summary>
/// <remarks>
/// It remembers which keys it wants and which it has handed over, by identifier; key bytes pass through and stay nowhere.
/// States, retries, transport and the keys themselves are the framework's.
/// </remarks>
internal sealed partial class ClearKeySession : ILicenseSession
{
    // The scheme has no words for a policy: whoever has the key may do anything, a clear copy included.
    private static readonly KeyPolicy Policy = new() { Output = new OutputRequirement { ClearExport = true } };

    private readonly IReadOnlyList<ClearKeyId> _wanted;
    private readonly HashSet<KeyId> _held = [];
    private readonly ConfiguredKeys _configured;
    private readonly ISessionHost _host;
    private readonly ILogger _logger;

    /// <summary>Makes a session.</summary>
    /// <param name="wanted">The keys that it is for, each once.</param>
    /// <param name="configured">The keys that configuration gives.</param>
    /// <param name="host">The framework's half.</param>
    /// <param name="logger">Where to log.</param>
    public ClearKeySession(IEnumerable<ClearKeyId> wanted, ConfiguredKeys configured, ISessionHost host, ILogger logger)
    {
        _wanted = [.. wanted];
        _configured = configured;
        _host = host;
        _logger = logger;
    }

    /// <summary>Hands over the wanted keys that configuration gives. If those are all, the framework needs no exchange.</summary>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>A task that ends when they are handed over.</returns>
    public ValueTask ImportConfiguredAsync(CancellationToken cancellationToken) =>
        ImportConfiguredAsync(_wanted.Select(id => id.Id), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken)
    {
        // Keys that are not known yet are for a session of their own, which asks for them alone and fails alone.
        bool known = header.KeyIds.Count > 0 && header.KeyIds.All(id => _held.Contains(id) || _configured.Has(id));
        if (!known) return HeaderOutcome.NotMine;

        await ImportConfiguredAsync(header.KeyIds, cancellationToken).ConfigureAwait(false);
        return HeaderOutcome.Absorbed;
    }

    /// <inheritdoc/>
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        // Only what is missing, so that a server need not know the keys of configuration; everything when asked again for all.
        List<ClearKeyId> missing = [.. _wanted.Where(id => !_held.Contains(id.Id))];
        ClearKeyRequest.Write(missing.Count > 0 ? missing : _wanted, destination);
        return new(new ChallengeInfo { Kind = ChallengeKind.License, ContentType = ClearKeyConstants.ContentType });
    }

    /// <inheritdoc/>
    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Status == 204) throw ClearKeyError.Malformed("the answer is empty (HTTP 204)");
        using ClearKeyLicense license = ClearKeyLicense.Read(answer.Body);
        if (!license.Keys.Any(key => _wanted.Any(id => id.Id == key.Id))) throw ClearKeyError.NoneOfTheKeys(_wanted);

        // What a licence brings decides, not what was asked for: keys beyond the wanted ones are kept as well.
        foreach ((KeyId id, byte[] key) in license.Keys) _host.Import(id, key, Policy);
        _held.UnionWith(license.Keys.Select(key => key.Id));

        Log.Accepted(_logger, license.Keys.Count, _wanted.Count(id => !_held.Contains(id.Id)));
        return new(LicenseOutcome.Complete);
    }

    private async ValueTask ImportConfiguredAsync(IEnumerable<KeyId> ids, CancellationToken cancellationToken)
    {
        List<KeyId> wanted = [.. ids.Where(id => _configured.Has(id) && !_held.Contains(id))];
        foreach (KeyId id in wanted)
            await _configured.ImportAsync(id, _host, Policy, cancellationToken).ConfigureAwait(false);
        _held.UnionWith(wanted);   // after the last one: had one thrown, the framework would have dropped the others too
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "A licence brought {Keys} keys; {Missing} wanted keys are still missing")]
        public static partial void Accepted(ILogger logger, int keys, int missing);
    }
}
