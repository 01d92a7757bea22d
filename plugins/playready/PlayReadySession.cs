using System.Buffers;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Keyway.Licensing;
using Keyway.PlayReady.Soap;
using Keyway.PlayReady.Xmr;
using Microsoft.Extensions.Logging;

namespace Keyway.PlayReady;

/// <summary>The protocol half of one session: asks with each header in turn, and hands what the licences bring to the framework.</summary>
/// <remarks>
/// It remembers which keys it has handed over, by identifier; key bytes pass through and stay nowhere. Answers with persistent licences are
/// remembered as they came, to be saved.
/// </remarks>
internal sealed partial class PlayReadySession : ILicenseSession
{
    private static readonly FrozenDictionary<string, string> SoapHeaders =
        new Dictionary<string, string> { ["SOAPAction"] = PlayReadyConstants.SoapAction }.ToFrozenDictionary();

    private readonly WantedContent _wanted;
    private readonly SessionKind _kind;
    private readonly PlayReadyCredential _credential;
    private readonly PlayReadyOptions _options;
    private readonly ISessionHost _host;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly byte[] _clientData;
    private readonly RefusalHistory _refusals = new();
    private readonly HashSet<PlayReadyHeader> _answered = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<KeyId> _held = [];
    private readonly List<Kept> _kept = [];
    private (PlayReadyHeader Header, byte[] Nonce)? _asked;

    /// <summary>Makes a session.</summary>
    public PlayReadySession(WantedContent wanted, SessionKind kind, PlayReadyCredential credential, PlayReadyOptions options, ISessionHost host, TimeProvider clock, ILogger logger)
    {
        _wanted = wanted;
        _kind = kind;
        _credential = credential;
        _options = options;
        _host = host;
        _clock = clock;
        _logger = logger;
        _clientData = ClientData.Plaintext(credential.Chain.Bytes.Span);
    }

    /// <inheritdoc/>
    public ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken)
    {
        // Keys that are not known yet are for a session of their own, which asks for them alone and fails alone.
        bool known = header.KeyIds.Count > 0 && header.KeyIds.All(_held.Contains);
        return new(known ? HeaderOutcome.Absorbed : HeaderOutcome.NotMine);
    }

    /// <inheritdoc/>
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (request.Kind is ChallengeKind.Release or ChallengeKind.ServerCertificate or ChallengeKind.Individualization)
        {
            throw new LicenseServiceException(LicenseErrorKind.BadChallenge, $"PlayReady: a challenge of kind {request.Kind} is not supported: its form is not public")
            {
                Advice = $"See {PlayReadyConstants.Page}, 'What is refused'.",
            };
        }

        PlayReadyHeader header = NextHeader();
        byte[] nonce = RandomNumberGenerator.GetBytes(PlayReadyConstants.NonceLength);
        LicenseChallenge challenge = new()
        {
            Header = header,
            ClientVersion = _options.ClientVersion,
            RevocationInfo = _options.RevocationInfo,
            CustomData = request.CustomData,
            Nonce = nonce,
            ClientTime = _clock.GetUtcNow(),
            ClientData = ClientData.Encrypt(_options.ServerKey.Span, _clientData),
        };

        destination.Write(challenge.Write(_credential));
        _asked = (header, nonce);
        return new(new ChallengeInfo
        {
            Kind = request.Kind == ChallengeKind.Renewal ? ChallengeKind.Renewal : ChallengeKind.License,
            ContentType = PlayReadyConstants.ContentType,
            Headers = SoapHeaders,
            Url = _refusals.RedirectUrl,
        });
    }

    /// <inheritdoc/>
    public LicenseServiceException? ReadRefusal(LicenseAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (!SoapMessage.TryRead(answer.Body, out SoapMessage? message, out _) || SoapFault.Find(message!) is not SoapFault fault) return null;
        return _refusals.Judge(fault, answer.Status);
    }

    /// <inheritdoc/>
    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (ReadRefusal(answer) is LicenseServiceException refusal) throw refusal;
        (PlayReadyHeader Header, byte[] Nonce)? asked = _asked;
        _asked = null;   // an answer is taken once, and so is its nonce
        if (asked is not (PlayReadyHeader header, byte[] nonce)) throw PlayReadyError.Of(PlayReadyCode.NonceNotFound, "no challenge waits for an answer");

        DateTimeOffset now = _clock.GetUtcNow();
        if (!OpenedLicenses.TryOpen(answer.Body, nonce, _credential, _options, now, out OpenedLicenses? opened, out PlayReadyFault fault)) throw PlayReadyError.Of(fault);
        using (opened)
        {
            HashSet<KeyId> imported = Import(opened!, Client(now, judgesTime: true), storedOnly: false);
            Keep(opened!, imported, nonce, answer.Body);
            if (opened!.WantsAcknowledgement) Log.AcknowledgementSkipped(_logger);
            if (opened.BringsRevocationLists) Log.RevocationListsSkipped(_logger);
            Log.Accepted(_logger, imported.Count, _wanted.Keys.Keys.Count(id => !_held.Contains(id)));
        }

        _answered.Add(header);
        _refusals.Clear();
        return new(IsAnotherHeaderNeeded() ? LicenseOutcome.AnotherExchangeNeeded : LicenseOutcome.Complete);
    }

    /// <inheritdoc/>
    public ValueTask<bool> SaveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (_kind != SessionKind.PersistentLicense || _kept.Count == 0) return new(false);
        StoredLicenses.Write([.. _kept.Select(kept => kept.Entry)], destination);
        return new(true);
    }

    /// <summary>Takes up what <see cref="SaveAsync"/> wrote, verifying all of it again. Time is left to the framework, which knows the first use.</summary>
    /// <param name="stored">What was written; empty: nothing.</param>
    public void Restore(ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty) return;
        if (!StoredLicenses.TryRead(stored, out IReadOnlyList<StoredLicenses.Entry> entries)) throw PlayReadyError.Of(PlayReadyCode.LicenseInvalid, "the stored licence is not what was stored");
        XmrClient client = Client(_clock.GetUtcNow(), judgesTime: false);
        foreach (StoredLicenses.Entry entry in entries)
        {
            ReadOnlySequence<byte> body = new(entry.Body);
            if (!OpenedLicenses.TryOpen(body, entry.Nonce.Span, _credential, _options, now: null, out OpenedLicenses? opened, out PlayReadyFault fault)) throw PlayReadyError.Of(fault);
            using (opened)
            {
                HashSet<KeyId> imported = Import(opened!, client, storedOnly: true);
                Keep(opened!, imported, entry.Nonce, body);
            }
        }
    }

    private XmrClient Client(DateTimeOffset now, bool judgesTime) => new()
    {
        SecurityLevel = _credential.SecurityLevel,
        RevocationInfo = _options.RevocationInfo,
        HasClock = _credential.HasClock,
        ClearExport = _credential.ClearExport,
        Now = now,
        JudgesTime = judgesTime,
    };

    /// <summary>Hands over every key whose rules are met. A key that is not met is no reason to lose another; if none is, the first reason is the answer's.</summary>
    private HashSet<KeyId> Import(OpenedLicenses opened, XmrClient client, bool storedOnly)
    {
        Dictionary<KeyId, (XmrLicense License, byte[] Key)> allowed = [];
        Dictionary<KeyId, PlayReadyFault> refused = [];
        foreach ((XmrLicense license, byte[] key) in opened.Items)
        {
            KeyId id = license.Envelope.KeyId;
            if (allowed.ContainsKey(id) || (storedOnly && !license.IsPersistent)) continue;
            HeaderKey? said = _wanted.Said.TryGetValue(id, out HeaderKey known) ? known : null;
            if (XmrEnforcement.Allows(license, client, _wanted.Keys.GetValueOrDefault(id), key, said, out PlayReadyFault fault)) allowed.Add(id, (license, key));
            else
            {
                refused.TryAdd(id, fault);
                Log.LicenseRefused(_logger, id, PlayReadyError.Text(fault.Code), fault.Reason);
            }
        }

        if (!storedOnly && !allowed.Keys.Any(IsWanted))
        {
            foreach ((KeyId id, PlayReadyFault fault) in refused)
                if (IsWanted(id)) throw PlayReadyError.Of(fault);
            throw PlayReadyError.Of(PlayReadyCode.KeyIdMismatch, "none of the licences is for a wanted key");
        }

        // What a licence brings decides, not what was asked for: keys beyond the wanted ones are kept as well.
        foreach ((KeyId id, (XmrLicense license, byte[] key)) in allowed)
        {
            _host.Import(id, key, XmrEnforcement.PolicyOf(license, client));
            if (license.Skipped.Count > 0) Log.ObjectsSkipped(_logger, id, string.Join(", ", license.Skipped));
        }

        HashSet<KeyId> imported = [.. allowed.Keys];
        foreach ((KeyId id, PlayReadyFault fault) in refused)
            if (!imported.Contains(id) && !_held.Contains(id) && _wanted.Keys.ContainsKey(id)) _host.SetStatus(id, StatusOf(fault.Code), PlayReadyError.Of(fault));
        _held.UnionWith(imported);
        return imported;
    }

    /// <summary>Whether content needs a key. Live content may not say which: then every key will do.</summary>
    private bool IsWanted(KeyId id) => _wanted.Keys.Count == 0 || _wanted.Keys.ContainsKey(id);

    private static KeyStatus StatusOf(uint code) => code switch
    {
        PlayReadyCode.LicenseExpired => KeyStatus.Expired,
        PlayReadyCode.LicenseNotYetValid => KeyStatus.UsableInFuture,
        _ => KeyStatus.InternalError,
    };

    /// <summary>Remembers an answer with persistent licences, in place of those that it renews.</summary>
    private void Keep(OpenedLicenses opened, HashSet<KeyId> imported, ReadOnlyMemory<byte> nonce, in ReadOnlySequence<byte> body)
    {
        HashSet<KeyId> persistent = [.. opened.Items.Where(item => item.License.IsPersistent).Select(item => item.License.Envelope.KeyId).Where(imported.Contains)];
        if (_kind != SessionKind.PersistentLicense || persistent.Count == 0) return;
        _kept.RemoveAll(kept => kept.Keys.IsSubsetOf(persistent));
        _kept.Add(new Kept(persistent, new StoredLicenses.Entry(nonce, body.ToArray())));
    }

    /// <summary>The header to ask with: one that names a missing key, else one that names none (live content), else any. All answered: from the beginning.</summary>
    private PlayReadyHeader NextHeader()
    {
        if (_wanted.Headers.All(_answered.Contains)) _answered.Clear();
        PlayReadyHeader[] left = [.. _wanted.Headers.Where(header => !_answered.Contains(header))];
        return left.FirstOrDefault(NamesMissingKey) ?? left.FirstOrDefault(header => header.Keys.Count == 0) ?? left[0];
    }

    private bool IsAnotherHeaderNeeded() =>
        _wanted.Keys.Keys.Any(id => !_held.Contains(id)) && _wanted.Headers.Any(header => !_answered.Contains(header) && (header.Keys.Count == 0 || NamesMissingKey(header)));

    private bool NamesMissingKey(PlayReadyHeader header) => header.Keys.Any(key => _wanted.Keys.ContainsKey(key.Id) && !_held.Contains(key.Id));

    private readonly record struct Kept(HashSet<KeyId> Keys, StoredLicenses.Entry Entry);

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Debug, "PlayReady: licences brought {Keys} keys; {Missing} wanted keys are still missing")]
        public static partial void Accepted(ILogger logger, int keys, int missing);

        [LoggerMessage(11, LogLevel.Warning, "PlayReady: the licence for {KeyId} is not used: {Reason} ({Code})")]
        public static partial void LicenseRefused(ILogger logger, KeyId keyId, string code, string reason);

        [LoggerMessage(12, LogLevel.Debug, "PlayReady: in the licence for {KeyId} passed over: {Objects}")]
        public static partial void ObjectsSkipped(ILogger logger, KeyId keyId, string objects);

        [LoggerMessage(13, LogLevel.Debug, "PlayReady: the service asks for AcknowledgeLicense, whose form is not public; none is sent")]
        public static partial void AcknowledgementSkipped(ILogger logger);

        [LoggerMessage(14, LogLevel.Debug, "PlayReady: the answer brings revocation lists; they are not stored")]
        public static partial void RevocationListsSkipped(ILogger logger);
    }
}
