using System.Buffers;
using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Licensing;
using MessageType = Keyway.Widevine.Wire.SignedMessage.Types.MessageType;
using PsshType = Keyway.Widevine.Wire.WidevinePsshData.Types.Type;

namespace Keyway.Widevine;

/// <summary>The protocol half of one session: asks, verifies, opens, renews, gives back.</summary>
/// <remarks>What is held changes only after everything in an answer has been checked: an answer that throws leaves the session as it was.</remarks>
internal sealed class WidevineSession : ILicenseSession
{
    private readonly WidevineKeySystem _system;
    private readonly ISessionHost _host;
    private readonly SessionKind _kind;
    private readonly WidevineChallenge _challenge;
    private readonly HashSet<KeyId> _wanted;
    private readonly List<WidevinePayload> _asking = [];
    private readonly List<WidevinePayload> _entitled = [];
    private readonly List<WidevineRequest> _outstanding = [];
    private readonly Dictionary<KeyId, WidevineKey> _unwrapped = [];
    private WidevineServiceCertificate? _service;
    private bool _certificateAsked;
    private WidevineLicense? _license;
    private WidevineStored? _stored;

    public WidevineSession(WidevineKeySystem system, SessionRequest request, ISessionHost host)
    {
        _system = system;
        _host = host;
        _kind = request.Kind;
        _wanted = [.. request.Keys.Select(key => key.Id)];
        _challenge = new WidevineChallenge(system.Credential, system.Clock);
    }

    /// <summary>The licence that is held, if there is one.</summary>
    internal WidevineLicense? License => _license;

    private bool WantsPrivacy => _system.Options.Privacy != PrivacyMode.Off;

    /// <summary>Sorts the headers, takes the host's service certificate, and takes up a stored licence.</summary>
    public void Start(SessionRequest request)
    {
        foreach (ProtectionHeader header in request.Headers)
            if (header.System == WidevineConstants.System)
                foreach (WidevinePayload payload in WidevineHeader.Read(header.Data.Span, header.KeyIds, _system.Options).Payloads) Sort(payload);

        // Content that carries only the in-band half of entitlements: that half is then all there is to ask with.
        if (_asking.Count == 0) _asking.AddRange(_entitled);
        if (_asking.Count == 0 && request.Keys.Count > 0)
            _asking.Add(WidevinePayload.FromKeyIds(request.Keys.Select(key => key.Id).Distinct(), _system.Options.ContentIdFromKeyId));
        if (_asking.Count == 0 && request.Stored.IsEmpty) throw WidevineError.Header("neither a header nor a key to ask for");
        if (_system.Options.SeveralHeaders == SeveralHeaders.First && _asking.Count > 1) _asking.RemoveRange(1, _asking.Count - 1);

        if (WantsPrivacy)
            _service = request.ServerCertificate.IsEmpty
                ? _system.ServiceCertificate
                : WidevineServiceCertificate.Verify(request.ServerCertificate.Span, _system.Credential.Root, _system.Clock.GetUtcNow());
        if (!request.Stored.IsEmpty) Resume(request.Stored);
    }

    public ValueTask<HeaderOutcome> OfferHeaderAsync(ProtectionHeader header, CancellationToken cancellationToken)
    {
        if (header.System != WidevineConstants.System) return new(HeaderOutcome.NotMine);
        WidevineHeader read = WidevineHeader.Read(header.Data.Span, header.KeyIds, _system.Options);
        return new(read.Payloads.Any(payload => payload.Type == PsshType.EntitledKey) ? OfferEntitled(read) : OfferOther(read));
    }

    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        bool needsCertificate = WantsPrivacy && _service is null && _system.Options.Privacy == PrivacyMode.Required;
        switch (request.Kind)
        {
            case ChallengeKind.ServerCertificate:
            case ChallengeKind.License when needsCertificate:
            case ChallengeKind.Renewal or ChallengeKind.Release when needsCertificate && _license is { Policy.AlwaysIncludeClientId: true }:
                destination.Write(WidevineChallenge.CertificateRequest);
                _certificateAsked = true;
                return new(new ChallengeInfo { Kind = ChallengeKind.ServerCertificate });
            case ChallengeKind.License:
                if (_asking.Count == 0) throw WidevineError.Header("a stored licence was taken up without a header, so there is nothing to ask a new one with");
                Wire.LicenseType type = _kind == SessionKind.PersistentLicense ? Wire.LicenseType.Offline : Wire.LicenseType.Streaming;
                Remember(_challenge.WriteNew(_asking, _system.NextRequestId(), type, _service, destination));
                return new(new ChallengeInfo { Kind = ChallengeKind.License });
            case ChallengeKind.Renewal:
                WidevineLicense renewed = _license ?? throw WidevineError.Policy("there is none that could be renewed");
                if (!renewed.Policy.CanRenew) throw WidevineError.Policy("it may not be renewed");
                return new(WriteExisting(ChallengeKind.Renewal, renewed, destination));
            case ChallengeKind.Release:
                return new(WriteExisting(ChallengeKind.Release, _license ?? throw WidevineError.Policy("there is none that could be given back"), destination));
            case ChallengeKind.Individualization:
                throw WidevineError.Credential("provisioning is not supported: the credential comes from the integrator", "not-supported");
            default:
                throw new ArgumentOutOfRangeException(nameof(request), request.Kind, "no kind of exchange");
        }
    }

    public LicenseServiceException? ReadRefusal(LicenseAnswer answer)
    {
        if (!TryRead(answer.Body, out Wire.SignedMessage? message) || !message!.HasType || message.Type != MessageType.ErrorResponse) return null;
        return Refusal(message, answer.Status);
    }

    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        if (!TryRead(answer.Body, out Wire.SignedMessage? message)) throw WidevineError.Malformed(Shape(answer.Body));
        switch (message!.HasType ? message.Type : 0)
        {
            case MessageType.License when message.SessionKey.IsEmpty:
                AcceptExisting(message);
                return new(LicenseOutcome.Complete);
            case MessageType.License:
                AcceptNew(message);
                return new(LicenseOutcome.Complete);
            case MessageType.ServiceCertificate:
                return new(AcceptCertificate(message));
            case MessageType.ErrorResponse:
                throw Refusal(message, answer.Status);
            case MessageType.SubLicense:
                throw WidevineError.Malformed("it is a SUB_LICENSE; sub-licences are not supported");
            case MessageType.CasLicense or MessageType.CasLicenseRequest:
                throw WidevineError.Malformed("it is a message of conditional access (CAS), which is not supported");
            case MessageType.ExternalLicense or MessageType.ExternalLicenseRequest:
                throw WidevineError.Malformed("it is a message of external licences, which are not supported");
            default:
                throw WidevineError.Malformed("it is not a message that a service sends to a client");
        }
    }

    public ValueTask<bool> SaveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (_kind != SessionKind.PersistentLicense || _license is not { Policy.CanPersist: true } || _stored is null) return new(false);
        _stored.Write(destination);
        return new(true);
    }

    public ValueTask DisposeAsync()
    {
        foreach (WidevineRequest request in _outstanding) request.Dispose();
        _outstanding.Clear();
        _stored?.Dispose();
        _license?.Dispose();
        _license = null;
        return ValueTask.CompletedTask;
    }

    private void Sort(WidevinePayload payload)
    {
        List<WidevinePayload> list = payload.Type == PsshType.EntitledKey ? _entitled : _asking;
        if (!list.Exists(known => known.Data == payload.Data)) list.Add(payload);
    }

    internal void Remember(WidevineRequest request)
    {
        _outstanding.Insert(0, request);
        if (_outstanding.Count <= WidevineConstants.MaxOutstanding) return;
        _outstanding[^1].Dispose();
        _outstanding.RemoveAt(_outstanding.Count - 1);
    }

    private ChallengeInfo WriteExisting(ChallengeKind kind, WidevineLicense license, IBufferWriter<byte> destination)
    {
        Remember(_challenge.WriteExisting(kind, license, _service, destination));
        Uri? url = Uri.TryCreate(license.Policy.RenewalServerUrl, UriKind.Absolute, out Uri? named) && named.Scheme is "http" or "https" ? named : null;
        return new ChallengeInfo { Kind = kind, Url = url };
    }

    private LicenseOutcome AcceptCertificate(Wire.SignedMessage message)
    {
        if (!_certificateAsked) throw WidevineError.Malformed("it is a service certificate, which was not asked for");
        WidevineServiceCertificate certificate =
            WidevineServiceCertificate.Verify(message.Msg.Span, _system.Credential.Root, _system.Clock.GetUtcNow());
        _certificateAsked = false;
        if (WantsPrivacy) _service = certificate;
        return LicenseOutcome.AnotherExchangeNeeded;
    }

    private void AcceptNew(Wire.SignedMessage message)
    {
        // A renewal may be answered with new keys; a licence that is being given back may not.
        List<WidevineRequest> askedForKeys = _outstanding.FindAll(request => request.Kind != ChallengeKind.Release);
        WidevineLicense license = WidevineLicense.Open(
            message, _system.Credential, askedForKeys, _system.Options.SecurityLevel, _system.Logger, out WidevineRequest answered);
        try
        {
            // Entitlements may open any key, so a licence that has some is never for other content.
            if (_wanted.Count > 0 && license.Entitlements.Count == 0 && !license.Keys.Any(key => _wanted.Contains(key.Id)))
                throw WidevineError.NoneOfTheKeys(_wanted.Count);
            Hand(license, resumedAt: null);
        }
        catch
        {
            license.Dispose();
            throw;
        }

        _license?.Dispose();
        _license = license;
        _stored?.Dispose();
        _stored = new WidevineStored([.. answered.Message], message.ToByteArray());
        _outstanding.Remove(answered);
        answered.Dispose();
    }

    private void AcceptExisting(Wire.SignedMessage message)
    {
        WidevineRequest? asked = _outstanding.Find(request => request.Kind is ChallengeKind.Renewal or ChallengeKind.Release);
        if (_license is null || asked is null)
            throw _outstanding.Count > 0
                ? WidevineError.Malformed("it is a licence without a session key, and no renewal was asked for")
                : WidevineError.NotAuthentic("nothing was asked");
        Wire.License answer = _license.Verify(message);
        if (asked.Kind == ChallengeKind.Release) Release();
        else
        {
            _license.Renew(answer);
            UpdatePolicies(resumedAt: null);
            _stored?.Renew(message.ToByteArray());
        }

        _outstanding.Remove(asked);
        asked.Dispose();
    }

    private void Release()
    {
        foreach (KeyId id in _license!.Keys.Select(key => key.Id).Concat(_unwrapped.Keys)) _host.SetStatus(id, KeyStatus.Released);
        _license.Dispose();
        _license = null;
        _stored?.Dispose();
        _stored = null;
        _unwrapped.Clear();
    }

    /// <summary>Everything goes through the same checks as when it came: what was stored is not trusted either.</summary>
    private void Resume(ReadOnlyMemory<byte> source)
    {
        WidevineStored stored = WidevineStored.Read(source);
        try
        {
            using WidevineRequest request = stored.ToRequest();
            WidevineLicense license = WidevineLicense.Open(
                stored.Answer, _system.Credential, [request], _system.Options.SecurityLevel, _system.Logger, out _);
            try
            {
                if (stored.Renewal is Wire.SignedMessage renewal) license.Renew(license.Verify(renewal));
                if (!license.Policy.CanPersist) throw WidevineError.Policy("it may not be stored, and yet it was");
                Hand(license, _system.Clock.GetUtcNow());
            }
            catch
            {
                license.Dispose();
                throw;
            }

            (_license, _stored) = (license, stored);
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    /// <summary>Hands the keys to the framework, and clears them here.</summary>
    private void Hand(WidevineLicense license, DateTimeOffset? resumedAt)
    {
        foreach (WidevineKey key in license.Keys)
        {
            if (key.IsOutOfReach) _host.SetStatus(key.Id, KeyStatus.OutputRestricted);
            else _host.Import(key.Id, key.Bytes, PolicyOf(license, key, resumedAt));
        }

        // Periods that were unwrapped under the last licence go on under this one, if it has their entitlement.
        foreach ((KeyId id, WidevineKey entitlement) in _unwrapped.ToArray())
            if (Entitlement(license, entitlement.OpaqueId) is WidevineKey again && !again.IsOutOfReach)
            {
                _host.UpdatePolicy(id, PolicyOf(license, again, resumedAt));
                _unwrapped[id] = again;
            }

        foreach (WidevinePayload payload in _entitled) UnwrapAll(license, payload.Message!, resumedAt);
        license.ForgetContentKeys();
    }

    private void UpdatePolicies(DateTimeOffset? resumedAt)
    {
        foreach (WidevineKey key in _license!.Keys)
            if (!key.IsOutOfReach) _host.UpdatePolicy(key.Id, PolicyOf(_license, key, resumedAt));
        foreach ((KeyId id, WidevineKey entitlement) in _unwrapped) _host.UpdatePolicy(id, PolicyOf(_license, entitlement, resumedAt));
    }

    private KeyPolicy PolicyOf(WidevineLicense license, WidevineKey key, DateTimeOffset? resumedAt)
    {
        OutputRequirement output = WidevinePolicy.MapOutput(key.Container, license.Revocations, _system.Credential.Root.Development);
        return WidevinePolicy.Map(license.Policy, license.Start, output, _system.Options.RenewAhead, resumedAt);
    }

    private static WidevineKey? Entitlement(WidevineLicense license, ByteString id) =>
        license.Entitlements.FirstOrDefault(entitlement => entitlement.OpaqueId == id);

    private HeaderOutcome OfferEntitled(WidevineHeader header)
    {
        List<WidevinePayload> entitled = [.. header.Payloads.Where(payload => payload.Type == PsshType.EntitledKey)];
        if (_license is not null)
        {
            bool absorbed = false;
            foreach (WidevinePayload payload in entitled) absorbed |= UnwrapAll(_license, payload.Message!, resumedAt: null);
            return absorbed ? HeaderOutcome.Absorbed : HeaderOutcome.NotMine;
        }

        // The licence is still to come. The header waits for it if this session asks for the same content.
        bool mine = entitled.Exists(payload => _asking.Exists(asking =>
            asking.Type == PsshType.Entitlement && !payload.Message!.ContentId.IsEmpty && asking.Message!.ContentId == payload.Message.ContentId));
        if (!mine) return HeaderOutcome.NotMine;
        foreach (WidevinePayload payload in entitled) Sort(payload);
        return HeaderOutcome.ExchangeNeeded;
    }

    private HeaderOutcome OfferOther(WidevineHeader header)
    {
        bool same = header.Payloads.All(payload => _asking.Exists(asking => asking.Data == payload.Data));
        if (_license is null) return same ? HeaderOutcome.ExchangeNeeded : HeaderOutcome.NotMine;
        bool held = header.KeyIds.Count > 0 && header.KeyIds.All(id => _unwrapped.ContainsKey(id) || _license.Keys.Any(key => key.Id == id));
        return same || held ? HeaderOutcome.Absorbed : HeaderOutcome.NotMine;
    }

    /// <summary>Unwraps what the held entitlements open. Content is not trusted, so a key that is held already is never replaced.</summary>
    private bool UnwrapAll(WidevineLicense license, Wire.WidevinePsshData header, DateTimeOffset? resumedAt)
    {
        bool any = false;
        foreach (Wire.WidevinePsshData.Types.EntitledKey entry in header.EntitledKeys)
        {
            KeyId id = WidevinePayload.ToKeyId(entry.KeyId.Span);
            if (Entitlement(license, entry.EntitlementKeyId) is not WidevineKey entitlement) continue;
            if (_unwrapped.ContainsKey(id) || license.Keys.Any(key => key.Id == id)) any = true;
            else if (entitlement.IsOutOfReach)
            {
                _host.SetStatus(id, KeyStatus.OutputRestricted);
                any = true;
            }
            else if (WidevineEntitlement.Unwrap(entry, entitlement) is byte[] key)
            {
                try
                {
                    _host.Import(id, key, PolicyOf(license, entitlement, resumedAt));
                    _unwrapped[id] = entitlement;
                    any = true;
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(key);
                }
            }
        }

        return any;
    }

    private static LicenseServiceException Refusal(Wire.SignedMessage message, int status)
    {
        try
        {
            return WidevineError.Refusal(Wire.LicenseError.Parser.ParseFrom(message.Msg), status);
        }
        catch (InvalidProtocolBufferException)
        {
            return WidevineError.Refusal(new Wire.LicenseError(), status);
        }
    }

    private static bool TryRead(ReadOnlySequence<byte> body, out Wire.SignedMessage? message)
    {
        message = null;
        if (body.IsEmpty) return false;
        try
        {
            message = Wire.SignedMessage.Parser.ParseFrom(body);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    /// <summary>What an unreadable body looks like: a service that wraps its answer needs a step that unwraps it.</summary>
    private static string Shape(ReadOnlySequence<byte> body)
    {
        if (body.IsEmpty) return "it is empty";
        return body.FirstSpan[0] switch
        {
            (byte)'{' => "it is JSON and not a SignedMessage; a step 'json.unwrap' or 'error.json' reads such answers",
            (byte)'<' => "it is markup and not a SignedMessage",
            (byte)'C' => "it is text and not a SignedMessage; a step 'base64' reads base64",
            _ => "it is not a SignedMessage",
        };
    }
}
