using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace Keyway.PlayReady.Xmr;

/// <summary>A licence as received: its structure, and what is needed to prove that it is whole and for this device. Nothing else is believed yet.</summary>
/// <remarks>
/// <code>
/// 'XMR\0' version:4 rights-id:16  outer container { … key material { content key, device key } … signature:28 }
/// └───────────────────────── under AES-CMAC with the integrity key ────────────────────┘
/// </code>
/// The integrity key is the first half of what cipher type 3 unwraps, the content key the second.
/// </remarks>
internal sealed class XmrEnvelope
{
    private const uint Magic = 0x584D5200;
    private const uint Version = 3;
    private const int HeadLength = 24;
    private const int SignatureLength = 28;

    private XmrEnvelope(ReadOnlyMemory<byte> bytes, XmrObject outer)
    {
        Bytes = bytes;
        Outer = outer;
    }

    /// <summary>The licence as received.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    public XmrObject Outer { get; }

    public ReadOnlyMemory<byte> RightsId => Bytes.Slice(8, PlayReadyConstants.NonceLength);

    public required KeyId KeyId { get; init; }

    public required XmrKeyType KeyType { get; init; }

    public required XmrCipherType CipherType { get; init; }

    /// <summary>The wrapped keys.</summary>
    public required ReadOnlyMemory<byte> Wrapped { get; init; }

    /// <summary>The key that the licence is bound to, x‖y; empty when it names none.</summary>
    public required ReadOnlyMemory<byte> DeviceKey { get; init; }

    /// <summary>Reads the structure.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> source, out XmrEnvelope? license, out PlayReadyFault fault)
    {
        license = null;
        ReadOnlySpan<byte> bytes = source.Span;
        if (bytes.Length < HeadLength || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic) return Fail(PlayReadyCode.LicenseInvalid, "a licence does not begin with XMR", out fault);
        uint version = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        if (version != Version) return Fail(PlayReadyCode.XmrVersion, $"licence version {version} is not known; 3 is", out fault);
        if (!XmrObject.TryRead(source, HeadLength, out XmrObject? outer, out string reason)) return Fail(PlayReadyCode.LicenseInvalid, $"licence: {reason}", out fault);
        if (outer!.Type != XmrType.OuterContainer || HeadLength + outer.Length != bytes.Length)
            return Fail(PlayReadyCode.LicenseInvalid, "licence: it is not one outer container", out fault);

        if (outer.Children.Count == 0 || outer.Children[^1].Type != XmrType.Signature) return Fail(PlayReadyCode.XmrObjectMissing, "licence: it does not end with its signature", out fault);
        XmrObject[] keys = [.. InKeyMaterial(outer, XmrType.ContentKey)];
        XmrObject[] devices = [.. InKeyMaterial(outer, XmrType.DeviceKey)];
        if (keys.Length == 0)
        {
            XmrObject? optimized = Everything(outer).FirstOrDefault(item => item.Type is XmrType.OptimizedContentKey or XmrType.OptimizedContentKey2);
            return optimized is null
                ? Fail(PlayReadyCode.XmrObjectMissing, "licence: it has no content key", out fault)
                : Fail(PlayReadyCode.XmrUnknownObject, $"licence: {XmrRules.NameOf(optimized.Type)} is not supported: its form is not public", out fault);
        }

        if (keys.Length > 1 || devices.Length > 1) return Fail(PlayReadyCode.LicenseInvalid, "licence: it has more than one key", out fault);
        if (!TryReadKey(keys[0].Body, out KeyId id, out XmrKeyType keyType, out XmrCipherType cipher, out ReadOnlyMemory<byte> wrapped))
            return Fail(PlayReadyCode.LicenseInvalid, "licence: its content key is malformed", out fault);
        if (!TryReadDevice(devices, out ReadOnlyMemory<byte> device)) return Fail(PlayReadyCode.LicenseInvalid, "licence: its device key is malformed", out fault);
        license = new XmrEnvelope(source, outer) { KeyId = id, KeyType = keyType, CipherType = cipher, Wrapped = wrapped, DeviceKey = device };
        fault = default;
        return true;
    }

    /// <summary>Every object, from the outside in.</summary>
    public static IEnumerable<XmrObject> Everything(XmrObject root) => root.Children.SelectMany(Everything).Prepend(root);

    /// <summary>Checks that the licence is bound to this device, unwraps its keys, and checks its integrity over the received bytes.</summary>
    /// <param name="credential">The device.</param>
    /// <param name="contentKey">16 bytes. Ownership: the caller's, who clears them. Zero when the method returns false.</param>
    /// <param name="fault">Why not.</param>
    public bool TryOpen(PlayReadyCredential credential, Span<byte> contentKey, out PlayReadyFault fault)
    {
        contentKey.Clear();
        if (WhyUnsupported() is { } unsupported)
        {
            fault = unsupported;
            return false;
        }

        if (!CryptographicOperations.FixedTimeEquals(DeviceKey.Span, credential.EncryptPublicKey.Span))
            return Fail(PlayReadyCode.NoBindingKey, "licence: it is bound to another device", out fault);

        Span<byte> keys = stackalloc byte[P256.Coordinate];
        try
        {
            // Wrapped points that are not on the curve were changed on their way, like anything else that the MAC would tell.
            if (!credential.TryUnwrap(Wrapped.Span, keys) || !FitsMac(keys[..16]))
                return Fail(PlayReadyCode.LicenseIntegrity, "licence: its integrity check is wrong", out fault);
            keys[16..].CopyTo(contentKey);
            fault = default;
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    /// <summary>Why no device can open it here; <see langword="null"/>: the right one can.</summary>
    public PlayReadyFault? WhyUnsupported()
    {
        if (Everything(Outer).Any(item => item.Type == XmrType.DomainId))
            return new PlayReadyFault(PlayReadyCode.NoBindingKey, "licence: it is bound to a domain; domains are not supported");
        if (Everything(Outer).Any(item => item.Type == XmrType.AuxiliaryKeys))
            return new PlayReadyFault(PlayReadyCode.XmrUnknownObject, "licence: it is scalable (auxiliary keys), which is not supported: its fixed value is not public");
        return CipherType == XmrCipherType.Ecc256 ? null : new PlayReadyFault(PlayReadyCode.CryptoFailed, DescribeCipher());
    }

    private string DescribeCipher() => CipherType switch
    {
        XmrCipherType.Chained => "licence: it is a chained leaf (cipher type 2), which is not supported: how a root wraps it is not public",
        XmrCipherType.Ecc256WithKz => "licence: cipher type 4 (KZ) is not supported: what KZ adds is not public",
        XmrCipherType.Ecc256ViaSymmetric => "licence: cipher type 6 (scalable) is not supported: its fixed value is not public",
        _ => $"licence: cipher type {(ushort)CipherType} is not supported",
    };

    private bool FitsMac(ReadOnlySpan<byte> integrityKey)
    {
        // The signature object's head is under no MAC, so it must be the only one that there is.
        ReadOnlySpan<byte> signature = Bytes.Span[^SignatureLength..];
        ReadOnlySpan<byte> fixedHead = [0, 1, 0, (byte)XmrType.Signature, 0, 0, 0, SignatureLength, 0, 1, 0, 16];
        if (!signature.StartsWith(fixedHead)) return false;

        CMac mac = new(AesUtilities.CreateEngine());
        byte[] key = integrityKey.ToArray();
        Span<byte> expected = stackalloc byte[16];
        try
        {
            mac.Init(new KeyParameter(key));
            mac.BlockUpdate(Bytes.Span[..^SignatureLength]);
            mac.DoFinal(expected);
            return CryptographicOperations.FixedTimeEquals(expected, signature[fixedHead.Length..]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static IEnumerable<XmrObject> InKeyMaterial(XmrObject outer, XmrType type) => outer.Children
        .Where(child => child.Type == XmrType.KeyMaterialContainer).SelectMany(child => child.Children).Where(child => child.Type == type);

    // KID:16 key-type:2 cipher-type:2 length:2 data
    private static bool TryReadKey(ReadOnlyMemory<byte> body, out KeyId id, out XmrKeyType keyType, out XmrCipherType cipher, out ReadOnlyMemory<byte> wrapped)
    {
        const int head = KeyId.Size + 6;
        ReadOnlySpan<byte> bytes = body.Span;
        (id, keyType, cipher, wrapped) = (default, default, default, default);
        if (bytes.Length < head || bytes.Length - head != BinaryPrimitives.ReadUInt16BigEndian(bytes[(head - 2)..])) return false;
        id = KeyIdOrder.Read(bytes[..KeyId.Size]);
        keyType = (XmrKeyType)BinaryPrimitives.ReadUInt16BigEndian(bytes[KeyId.Size..]);
        cipher = (XmrCipherType)BinaryPrimitives.ReadUInt16BigEndian(bytes[(KeyId.Size + 2)..]);
        wrapped = body[head..];
        return true;
    }

    // curve:2 length:2 x‖y
    private static bool TryReadDevice(XmrObject[] devices, out ReadOnlyMemory<byte> device)
    {
        device = default;
        if (devices.Length == 0) return true;
        ReadOnlySpan<byte> bytes = devices[0].Body.Span;
        if (bytes.Length != 4 + P256.PointLength || BinaryPrimitives.ReadUInt32BigEndian(bytes) != 0x00010000 + P256.PointLength) return false;
        device = devices[0].Body[4..];
        return true;
    }

    private static bool Fail(uint code, string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(code, reason);
        return false;
    }
}
