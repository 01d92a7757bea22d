using System.Buffers;
using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Licensing;
using ContentIdentification = Keyway.Widevine.Wire.LicenseRequest.Types.ContentIdentification;
using RequestType = Keyway.Widevine.Wire.LicenseRequest.Types.RequestType;

namespace Keyway.Widevine;

/// <summary>Writes the messages that a client sends. Fields ascend and numbers are minimal, because some services insist.</summary>
internal sealed class WidevineChallenge(WidevineCredential credential, TimeProvider clock)
{
    /// <summary>SignedMessage { type SERVICE_CERTIFICATE_REQUEST }.</summary>
    public static ReadOnlySpan<byte> CertificateRequest => [0x08, 0x04];

    /// <summary>Asks for a licence, signed with the device's key.</summary>
    public WidevineRequest WriteNew(
        IEnumerable<WidevinePayload> payloads, ByteString requestId, Wire.LicenseType type, WidevineServiceCertificate? service, IBufferWriter<byte> destination)
    {
        Wire.LicenseRequest request = Begin(RequestType.New);
        request.ContentId = new ContentIdentification
        {
            WidevinePsshData = new ContentIdentification.Types.PsshDataId { LicenseType = type, RequestId = requestId },
        };
        request.ContentId.WidevinePsshData.PsshData.AddRange(payloads.Select(payload => payload.Data));
        Identify(request, service);

        byte[] message = request.ToByteArray();
        byte[] signature = credential.Sign(message);
        Write(message, signature, destination);
        return new WidevineRequest(ChallengeKind.License, requestId, message);
    }

    /// <summary>Asks for more time, or gives the licence back: signed with the second half of the licence's own key.</summary>
    public WidevineRequest WriteExisting(ChallengeKind kind, WidevineLicense license, WidevineServiceCertificate? service, IBufferWriter<byte> destination)
    {
        Wire.LicenseRequest request = Begin(kind == ChallengeKind.Release ? RequestType.Release : RequestType.Renewal);
        request.ContentId = new ContentIdentification
        {
            // Playback is the framework's and not told here; the one recorded renewal says 0 in both counters too.
            ExistingLicense = new ContentIdentification.Types.ExistingLicense { LicenseId = license.Id, SecondsSinceStarted = 0, SecondsSinceLastPlayed = 0 },
        };
        if (license.Policy.AlwaysIncludeClientId) Identify(request, service);

        byte[] message = request.ToByteArray();
        byte[] signature = new byte[WidevineConstants.MacLength];
        WidevineDerivation.Authenticate(license.SigningKey.AsSpan(WidevineConstants.MacKeyLength), [], message, signature);
        Write(message, signature, destination);
        return new WidevineRequest(kind, license.Id.RequestId, message);
    }

    /// <summary>A request identifier in one of the two forms that are known. To the service it is opaque.</summary>
    public static ByteString NewRequestId(RequestIdForm form, ulong counter)
    {
        Span<byte> id = stackalloc byte[16];
        RandomNumberGenerator.Fill(id);
        if (form == RequestIdForm.Random) return ByteString.CopyFrom(id);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(id[8..], counter);
        return ByteString.CopyFromUtf8(Convert.ToHexString(id));
    }

    private Wire.LicenseRequest Begin(RequestType type) => new()
    {
        Type = type,
        RequestTime = clock.GetUtcNow().ToUnixTimeSeconds(),
        ProtocolVersion = Wire.ProtocolVersion.Version21,
        KeyControlNonce = (uint)RandomNumberGenerator.GetInt32(1, int.MaxValue),
    };

    /// <summary>Exactly one of the two forms.</summary>
    private void Identify(Wire.LicenseRequest request, WidevineServiceCertificate? service)
    {
        if (service is null) request.ClientId = credential.Client;
        else request.EncryptedClientId = service.Encrypt(credential.Client);
    }

    private static void Write(byte[] message, byte[] signature, IBufferWriter<byte> destination) => new Wire.SignedMessage
    {
        Type = Wire.SignedMessage.Types.MessageType.LicenseRequest,
        Msg = UnsafeByteOperations.UnsafeWrap(message),
        Signature = UnsafeByteOperations.UnsafeWrap(signature),
    }.WriteTo(destination);
}
