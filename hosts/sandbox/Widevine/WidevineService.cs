using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Keyway.Sandbox.Widevine.Wire;
using Content = Keyway.Sandbox.Widevine.Wire.ContentIdentification.ContentIdVariantOneofCase;
using MessageType = Keyway.Sandbox.Widevine.Wire.SignedMessage.Types.MessageType;
using RequestType = Keyway.Sandbox.Widevine.Wire.LicenseRequest.Types.RequestType;

namespace Keyway.Sandbox.Widevine;

/// <summary>The licence service: one message in, one message out. It believes nothing that a real one would check.</summary>
/// <param name="authority">Gives its keys and certificates. They are asked for when the first request comes.</param>
/// <param name="keys">The content keys.</param>
/// <param name="defaults">The terms of every licence, as parameters.</param>
/// <param name="clock">The time.</param>
internal sealed class WidevineService(Func<AuthorityKeys> authority, ContentKeys keys, IReadOnlyDictionary<string, string> defaults, TimeProvider clock)
{
    private readonly ReplayGuard _guard = new();
    private readonly LicenseSessions _sessions = new();
    private byte[]? _previous;

    /// <summary>Answers a message.</summary>
    /// <param name="body">The message.</param>
    /// <param name="query">The terms of the licence, as parameters.</param>
    /// <param name="oddities">What is to be unusual about the answer.</param>
    /// <param name="isKept">Whether to remember that there was this request; not when its answer will not arrive.</param>
    /// <param name="granted">The only keys that there are for this request; <see langword="null"/>: all of the sandbox's.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="RefusedException">The request is refused.</exception>
    /// <exception cref="FormatException">There is no such parameter, or no such value.</exception>
    public byte[] Answer(ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> query, Oddities oddities, bool isKept, ContentKeys? granted = null)
    {
        LicenseTerms terms = LicenseTerms.Read(defaults, query);
        if (oddities.Error is { } error) return ErrorResponse(error);

        SignedMessage message = Parse(SignedMessage.Parser, body.Span, "The body is no SignedMessage.");
        byte[] answer;
        switch (message.HasType ? message.Type : 0)
        {
            case MessageType.ServiceCertificateRequest:
                answer = ServiceCertificates.Answer(authority(), oddities);
                break;
            case MessageType.LicenseRequest:
                answer = License(message, terms, query, oddities, isKept, granted ?? keys);
                byte[]? previous = Interlocked.Exchange(ref _previous, answer);
                if (oddities.Flaw("previous")) answer = previous ?? throw new RefusedException("no-previous", "There was no licence before this one.");
                break;
            default:
                throw new RefusedException("unsupported-message", $"A message of type {(message.HasType ? (int)message.Type : 0)} is not answered here; LICENSE_REQUEST (1) and SERVICE_CERTIFICATE_REQUEST (4) are.");
        }

        return oddities.Flaw("malformed") ? "this is no message"u8.ToArray() : oddities.Flaw("truncated") ? answer[..(answer.Length / 2)] : answer;
    }

    /// <summary>Whether a message asks for a licence: a new one, or for one that exists.</summary>
    /// <param name="body">The message.</param>
    /// <returns>Whether it does.</returns>
    public static bool IsLicenseRequest(ReadOnlySpan<byte> body)
    {
        try
        {
            return SignedMessage.Parser.ParseFrom(body) is { HasType: true, Type: MessageType.LicenseRequest };
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    /// <summary>Makes a message that says that there is an error.</summary>
    /// <param name="error">The error.</param>
    /// <returns>The message. Nothing signs it.</returns>
    public static byte[] ErrorResponse(LicenseError.Types.Error error) =>
        new SignedMessage { Type = MessageType.ErrorResponse, Msg = new LicenseError { ErrorCode = error }.ToByteString() }.ToByteArray();

    private byte[] License(SignedMessage message, LicenseTerms terms, IReadOnlyDictionary<string, string> query, Oddities oddities, bool isKept, ContentKeys known)
    {
        LicenseRequest request = Parse(LicenseRequest.Parser, message.Msg.Span, "The msg is no LicenseRequest.");
        if (!Enum.IsDefined(request.ProtocolVersion)) throw new RefusedException("bad-request", $"There is no protocol version {(int)request.ProtocolVersion}.");
        bool isExisting = request.ContentId?.ContentIdVariantCase == Content.ExistingLicense;
        byte[] signed = [.. message.OemcryptoCoreMessage.Span, .. message.Msg.Span];
        using Device? device = Identify(request, oddities);
        return (request.HasType ? request.Type : 0) switch
        {
            RequestType.New when !isExisting => New(request, message, signed, device, terms, oddities, isKept, known),
            RequestType.Renewal or RequestType.Release when isExisting => Existing(request, message, signed, device, query, oddities, isKept),
            RequestType.New => throw new RefusedException("bad-request", "A NEW request cannot be about an existing license."),
            RequestType.Renewal or RequestType.Release => throw new RefusedException("bad-request", "A RENEWAL or RELEASE must be about an existing_license."),
            _ => throw new RefusedException("bad-request", "The request's type is not NEW, RENEWAL or RELEASE."),
        };
    }

    private Device? Identify(LicenseRequest request, Oddities oddities)
    {
        ClientIdentification? client = ClientIdentifications.Of(request, authority());
        if (oddities.IsPrivate && request.ClientId is not null) throw new RefusedException("privacy", "The client must encrypt its identification.");
        return client is null ? null : Device.Verify(client, authority().RootPublicKey, Now(oddities));
    }

    private byte[] New(LicenseRequest request, SignedMessage message, byte[] signed, Device? device, LicenseTerms terms, Oddities oddities, bool isKept, ContentKeys known)
    {
        if (device is null) throw new RefusedException("bad-request", "A NEW request must have client_id or encrypted_client_id.");
        if (!device.HasSigned(signed, message.Signature.Span)) throw new RefusedException("bad-signature", "The signature over the core message and msg is not the device's (RSASSA-PSS, SHA-1, a salt of 20 bytes).");
        CheckTime(request, oddities);

        Wanted wanted = new KeyChooser(known, new Entitlements(authority().Secret)).Choose(request.ContentId, terms);
        if (oddities.Flaw("unknown_key")) throw new RefusedException("unknown-key", "The key is not known here, as was asked for.") { Status = StatusCodes.Status404NotFound };

        List<string> once = ["request " + Convert.ToHexStringLower(wanted.RequestId)];
        if (request.HasKeyControlNonce) once.Add($"nonce {request.KeyControlNonce} of {device.Serial}");
        Use(once, isKept);

        Policy policy = PolicyOf(terms, wanted.Type);
        LicenseGrant grant = new()
        {
            Request = message.Msg.ToByteArray(),
            RequestId = wanted.RequestId,
            Type = wanted.Type != LicenseType.Automatic ? wanted.Type : policy.CanPersist ? LicenseType.Offline : LicenseType.Streaming,
            Version = 0,
            Start = request.HasRequestTime ? request.RequestTime : Now(oddities).ToUnixTimeSeconds(),
            Policy = policy,
            Terms = terms,
            SigningKey = SigningKey(wanted.RequestId),
            Keys = wanted.Keys,
            GroupIds = wanted.GroupIds,
            Scheme = terms.Scheme ?? wanted.Scheme,
            Nonce = request.KeyControlNonce,
        };
        if (isKept) _sessions.Keep(wanted.RequestId, new LicenseSession(0, policy, terms.ToPairs(), wanted.Keys));
        return LicenseMaker.WithKeys(grant, RandomNumberGenerator.GetBytes(16), device, oddities);
    }

    private byte[] Existing(LicenseRequest request, SignedMessage message, byte[] signed, Device? device, IReadOnlyDictionary<string, string> query, Oddities oddities, bool isKept)
    {
        LicenseIdentification id = request.ContentId.ExistingLicense.LicenseId ?? throw new RefusedException("bad-request", "The existing_license has no license_id.");
        byte[] requestId = id.RequestId.ToByteArray(), signing = SigningKey(requestId);
        byte[] expected = HMACSHA256.HashData(signing.AsSpan(32), signed);
        if (!CryptographicOperations.FixedTimeEquals(expected, message.Signature.Span))
            throw new RefusedException("bad-signature", "The signature is not HMAC-SHA-256 with the second half of the licence's SIGNING key, or the licence is not from here.");

        LicenseSession? session = _sessions.Find(requestId);
        bool isRelease = request.Type == RequestType.Release;
        if (!isRelease)
        {
            // To give a licence back twice does no harm, and the client may have been away for long: of a release, neither is asked.
            CheckTime(request, oddities);
            CheckRenewal(session, device);
            Use(["message " + Convert.ToHexStringLower(SHA256.HashData(message.Msg.Span))], isKept);
        }

        LicenseTerms terms = LicenseTerms.Read(session?.Terms ?? defaults, query);
        Policy policy = PolicyOf(terms, id.Type);
        if (session is null && !terms.Policy.HasCanRenew) policy.CanRenew = true;   // it was renewable, or its client would not ask
        if (isRelease) policy.CanPlay = policy.CanRenew = false;
        LicenseGrant grant = new()
        {
            Request = message.Msg.ToByteArray(),
            RequestId = requestId,
            Type = id.Type,
            Version = NextVersion(id.Version, session),
            Start = request.HasRequestTime ? request.RequestTime : Now(oddities).ToUnixTimeSeconds(),
            Policy = policy,
            Terms = terms,
            SigningKey = signing,
            Keys = session?.Keys ?? [],
            Nonce = request.KeyControlNonce,
        };
        if (isKept) _sessions.Keep(requestId, new LicenseSession(grant.Version, policy, terms.ToPairs(), grant.Keys, isRelease));
        return terms.RenewalKeys && !isRelease && device is not null && grant.Keys.Count > 0
            ? LicenseMaker.WithKeys(grant, RandomNumberGenerator.GetBytes(16), device, oddities)
            : LicenseMaker.WithoutKeys(grant, oddities);
    }

    private static void CheckRenewal(LicenseSession? session, Device? device)
    {
        if (session is null) return;
        if (session.IsReleased) throw new RefusedException("released", "The licence was given back.") { Status = StatusCodes.Status403Forbidden };
        if (!session.Policy.CanRenew) throw new RefusedException("not-renewable", "The policy of the licence has no can_renew.") { Status = StatusCodes.Status403Forbidden };
        if (session.Policy.AlwaysIncludeClientId && device is null) throw new RefusedException("bad-request", "The policy of the licence demands the client's identification, and there is none.");
    }

    /// <summary>The version of the answer. A client that never got the last one asks again with the version before it, and gets the same.</summary>
    private static int NextVersion(int stated, LicenseSession? session)
    {
        if (stated is < 0 or int.MaxValue) throw new RefusedException("stale-version", "There is no such version of a licence.");
        if (session is null || stated == session.Version) return stated + 1;
        return stated == session.Version - 1
            ? session.Version
            : throw new RefusedException("stale-version", $"The licence is at version {session.Version}, not at {stated}.");
    }

    private static Policy PolicyOf(LicenseTerms terms, LicenseType asked)
    {
        Policy policy = terms.Policy.Clone();
        if (!policy.HasCanPlay) policy.CanPlay = true;
        if (!policy.HasCanPersist) policy.CanPersist = asked == LicenseType.Offline;
        if (!policy.HasCanRenew)
            policy.CanRenew = policy.HasRenewalDelaySeconds || policy.HasRenewalRetryIntervalSeconds || policy.HasRenewalRecoveryDurationSeconds || policy.HasRenewalServerUrl || policy.RenewWithUsage;
        return policy;
    }

    private void CheckTime(LicenseRequest request, Oddities oddities)
    {
        if (oddities.Window is not { } window || !request.HasRequestTime) return;
        double off = request.RequestTime - (double)Now(oddities).ToUnixTimeSeconds();
        if (Math.Abs(off) > window.TotalSeconds)
            throw new RefusedException("stale-request", $"The request's time is {(off < 0 ? "before" : "after")} the service's by more than {window.TotalSeconds} s.");
    }

    private void Use(List<string> things, bool isKept)
    {
        if (_guard.Use(things, isKept) is { } again) throw new RefusedException("replayed-request", $"This was used before: {again}.");
    }

    private DateTimeOffset Now(Oddities oddities) => oddities.Now ?? clock.GetUtcNow();

    /// <summary>64 bytes that nobody but this service and the licence's client know, the same whenever they are needed.</summary>
    private byte[] SigningKey(byte[] requestId) => HMACSHA512.HashData(authority().Secret, (byte[])[.. Encoding.ASCII.GetBytes("signing"), 0, .. requestId]);

    private static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes, string otherwise)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            throw new RefusedException("bad-request", otherwise);
        }
    }
}
