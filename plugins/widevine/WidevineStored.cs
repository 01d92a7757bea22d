using System.Buffers;
using System.Security.Cryptography;
using Google.Protobuf;
using Keyway.Licensing;

namespace Keyway.Widevine;

/// <summary>A licence as it is stored: request and answers as they travelled. The keys in them stay wrapped for the device.</summary>
internal sealed class WidevineStored(byte[] request, byte[] answer) : IDisposable
{
    private const uint Format = 1;
    private byte[]? _renewal;

    public Wire.SignedMessage Answer => Wire.SignedMessage.Parser.ParseFrom(answer);

    public Wire.SignedMessage? Renewal => _renewal is null ? null : Wire.SignedMessage.Parser.ParseFrom(_renewal);

    /// <exception cref="LicenseServiceException">What was stored cannot be read.</exception>
    public static WidevineStored Read(ReadOnlyMemory<byte> source)
    {
        try
        {
            Wire.StoredLicense stored = Wire.StoredLicense.Parser.ParseFrom(source.Span);
            if (stored.Format != Format) throw WidevineError.Malformed($"the stored licence is of format {stored.Format}, which this version does not read");
            WidevineStored read = new(stored.Request.ToByteArray(), stored.Answer.ToByteArray()) { _renewal = stored.HasRenewal ? stored.Renewal.ToByteArray() : null };
            _ = (read.Answer, read.Renewal);   // parsed here, where a failure has its name
            return read;
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw WidevineError.Malformed("the stored licence cannot be read", cause);
        }
    }

    public WidevineRequest ToRequest()
    {
        try
        {
            Wire.LicenseRequest.Types.ContentIdentification? content = Wire.LicenseRequest.Parser.ParseFrom(request).ContentId;
            ByteString id = content?.ExistingLicense?.LicenseId?.RequestId ?? content?.WidevinePsshData?.RequestId ?? ByteString.Empty;
            return new WidevineRequest(ChallengeKind.License, id, [.. request]);
        }
        catch (InvalidProtocolBufferException cause)
        {
            throw WidevineError.Malformed("the stored licence cannot be read", cause);
        }
    }

    public void Renew(byte[] renewal) => _renewal = renewal;

    public void Write(IBufferWriter<byte> destination)
    {
        Wire.StoredLicense stored = new()
        {
            Format = Format,
            Request = UnsafeByteOperations.UnsafeWrap(request),
            Answer = UnsafeByteOperations.UnsafeWrap(answer),
        };
        if (_renewal is not null) stored.Renewal = UnsafeByteOperations.UnsafeWrap(_renewal);
        stored.WriteTo(destination);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(request);
        CryptographicOperations.ZeroMemory(answer);
    }
}
