using System.Buffers.Binary;
using System.Text;

namespace Keyway.PlayReady.Certificates;

/// <content>The attributes' bodies.</content>
internal sealed partial record BCert
{
    /// <summary>What the attributes of one certificate bring, until it is known to be whole.</summary>
    private sealed class Parts
    {
        private const int BasicLength = 80;
        private const int MostFeatures = 32;
        private const int MostKeys = 16;
        private const int MostUsages = 32;

        private readonly List<BCertKey> _keys = [];
        private readonly List<BCertFeature> _features = [];
        private readonly List<string> _manufacturer = [];
        private readonly HashSet<BCertTag> _seen = [];
        private uint _level;
        private uint _flags;
        private BCertType _type;
        private uint _expiry;
        private ReadOnlyMemory<byte> _signature;
        private ReadOnlyMemory<byte> _issuer;
        private ReadOnlyMemory<byte> _extendedKey;
        private ReadOnlyMemory<byte> _extendedData;
        private ReadOnlyMemory<byte> _extendedSignature;

        public bool TryTake(in Attribute attribute, out string reason)
        {
            if (!Enum.IsDefined(attribute.Tag))
            {
                reason = "";
                return (attribute.Flags & MustUnderstand) == 0 || Fail($"attribute 0x{(ushort)attribute.Tag:X4} must be understood and is not known", out reason);
            }

            if (!_seen.Add(attribute.Tag)) return Fail($"attribute {attribute.Tag} is there twice", out reason);
            ReadOnlyMemory<byte> body = attribute.Body;
            reason = "";
            return attribute.Tag switch
            {
                BCertTag.Basic => TryTakeBasic(body.Span, out reason),
                BCertTag.Key => TryTakeKeys(body, out reason),
                BCertTag.Feature => TryTakeFeatures(body.Span, out reason),
                BCertTag.Manufacturer => TryTakeManufacturer(body.Span, out reason),
                BCertTag.Device => body.Length == 12 || Fail("DEVICE is not 12 bytes long", out reason),
                BCertTag.Pc or BCertTag.Server => body.Length == 4 || Fail($"{attribute.Tag} is not 4 bytes long", out reason),
                BCertTag.Silverlight or BCertTag.SecurityVersion or BCertTag.SecurityVersion2 => body.Length == 8 || Fail($"{attribute.Tag} is not 8 bytes long", out reason),
                BCertTag.ExtendedDataSignKey => TryTakeExtendedKey(body, out reason),
                _ => true,   // DOMAIN and METERING: nothing here depends on what they say
            };
        }

        // type:2 size:2 signature:64 issuer-key-bits:4 issuer-key:64, behind an attribute head that no signature covers
        public bool TryTakeSignature(ReadOnlyMemory<byte> area, out string reason)
        {
            ReadOnlySpan<byte> bytes = area.Span;
            ReadOnlySpan<byte> fixedHead = [0, (byte)BCertTag.Signature, 0, 0, 0, SignatureAttribute, 0, 1, 0, P256.SignatureLength];
            if (!bytes[2..].StartsWith(fixedHead) || BinaryPrimitives.ReadUInt16BigEndian(bytes) > MustUnderstand) return Fail("the SIGNATURE attribute is not one of P-256", out reason);
            if (BinaryPrimitives.ReadUInt32BigEndian(bytes[76..]) != P256.PointLength * 8) return Fail("the issuer key of a certificate is not of 512 bits", out reason);
            _signature = area.Slice(12, P256.SignatureLength);
            _issuer = area.Slice(80, P256.PointLength);
            reason = "";
            return true;
        }

        public bool TryTakeExtendedData(ReadOnlyMemory<byte> area, out string reason)
        {
            reason = "";
            if (area.IsEmpty) return true;
            if (!TryReadAttribute(area, 0, out Attribute container, out reason)) return false;
            if (container.Tag != BCertTag.ExtendedDataContainer || container.Length != area.Length) return Fail("something other than extended data follows the signature", out reason);
            if (!TryReadAttribute(container.Body, 0, out Attribute record, out reason)) return false;
            if (record.Tag != BCertTag.ExtendedDataHardwareId) return Fail("the extended data does not begin with a hardware id", out reason);
            if (!TryReadAttribute(container.Body, record.Length, out Attribute signature, out reason)) return false;
            if (signature.Tag != BCertTag.ExtendedDataSignature || record.Length + signature.Length != container.Body.Length)
                return Fail("the extended data does not end with its signature", out reason);
            ReadOnlySpan<byte> body = signature.Body.Span;
            if (body.Length != 4 + P256.SignatureLength || BinaryPrimitives.ReadUInt32BigEndian(body) != 0x00010040)
                return Fail("the signature of the extended data is not one of P-256", out reason);
            _extendedData = container.Body[..record.Length];
            _extendedSignature = signature.Body[4..];
            return true;
        }

        public BCert? Build(int offset, ReadOnlyMemory<byte> bytes, int signed, out string reason)
        {
            const uint hasExtendedData = 1;
            if (!_seen.Contains(BCertTag.Basic)) Fail("a certificate has no BASIC attribute", out reason);
            else if (!_seen.Contains(BCertTag.Key)) Fail("a certificate has no KEY attribute", out reason);
            else if ((_flags & hasExtendedData) != 0 == _extendedData.IsEmpty) Fail("a certificate's flag and its extended data do not agree", out reason);
            else if (!_extendedData.IsEmpty && _extendedKey.IsEmpty) Fail("a certificate has extended data and no key for it", out reason);
            else
            {
                reason = "";
                return new BCert
                {
                    Offset = offset,
                    Bytes = bytes,
                    SignedLength = signed,
                    Type = _type,
                    SecurityLevel = _level,
                    Expiry = _expiry,
                    Keys = _keys,
                    Features = _features,
                    Manufacturer = _manufacturer,
                    Signature = _signature,
                    IssuerKey = _issuer,
                    ExtendedDataKey = _extendedKey,
                    ExtendedData = _extendedData,
                    ExtendedDataSignature = _extendedSignature,
                };
            }

            return null;
        }

        // certificate-id:16 level:4 flags:4 type:4 digest:32 expiry:4 client-id:16
        private bool TryTakeBasic(ReadOnlySpan<byte> body, out string reason)
        {
            if (body.Length != BasicLength) return Fail("BASIC is not 80 bytes long", out reason);
            _level = BinaryPrimitives.ReadUInt32BigEndian(body[16..]);
            _flags = BinaryPrimitives.ReadUInt32BigEndian(body[20..]);
            _type = (BCertType)BinaryPrimitives.ReadUInt32BigEndian(body[24..]);
            _expiry = BinaryPrimitives.ReadUInt32BigEndian(body[60..]);
            reason = "";
            return Enum.IsDefined(_type) || Fail($"certificate type {(uint)_type} is not known", out reason);
        }

        // count:4 { type:2 bits:2 flags:4 key:64 usage-count:4 usage:4 × usage-count } × count
        private bool TryTakeKeys(ReadOnlyMemory<byte> area, out string reason)
        {
            ReadOnlySpan<byte> body = area.Span;
            if (body.Length < 4) return Fail("KEY is cut short", out reason);
            uint count = BinaryPrimitives.ReadUInt32BigEndian(body);
            if (count is 0 or > MostKeys) return Fail($"KEY holds {count} keys", out reason);
            int at = 4;
            for (uint i = 0; i < count; i++)
            {
                if (body.Length - at < 12 + P256.PointLength) return Fail("a key is cut short", out reason);
                if (BinaryPrimitives.ReadUInt32BigEndian(body[at..]) != 0x00010000 + (P256.PointLength * 8)) return Fail("a key is not one of P-256", out reason);
                ReadOnlyMemory<byte> point = area.Slice(at + 8, P256.PointLength);
                at += 8 + P256.PointLength;
                uint usages = BinaryPrimitives.ReadUInt32BigEndian(body[at..]);
                at += 4;
                if (usages > MostUsages || usages > (uint)(body.Length - at) / 4) return Fail($"a key has {usages} usages", out reason);
                BCertUsage[] list = new BCertUsage[usages];
                for (int j = 0; j < list.Length; j++, at += 4) list[j] = (BCertUsage)BinaryPrimitives.ReadUInt32BigEndian(body[at..]);
                if (!P256.TryReadPoint(point.Span, out _)) return Fail("a key is not on the curve", out reason);
                _keys.Add(new BCertKey(point, list));
            }

            reason = "";
            return at == body.Length || Fail("bytes follow the last key", out reason);
        }

        private bool TryTakeFeatures(ReadOnlySpan<byte> body, out string reason)
        {
            if (body.Length < 4) return Fail("FEATURE is cut short", out reason);
            uint count = BinaryPrimitives.ReadUInt32BigEndian(body);
            if (count > MostFeatures || body.Length != 4 + (4 * count)) return Fail($"FEATURE does not hold {count} features", out reason);
            for (int at = 4; at < body.Length; at += 4) _features.Add((BCertFeature)BinaryPrimitives.ReadUInt32BigEndian(body[at..]));
            reason = "";
            return true;
        }

        // flags:4 { length:4 text padded with zeros to a multiple of 4 } × 3
        private bool TryTakeManufacturer(ReadOnlySpan<byte> body, out string reason)
        {
            int at = 4;
            for (int i = 0; i < 3; i++)
            {
                if (body.Length - at < 4) return Fail("MANUFACTURER is cut short", out reason);
                uint length = BinaryPrimitives.ReadUInt32BigEndian(body[at..]);
                at += 4;
                if (length > (uint)(body.Length - at)) return Fail("a text of MANUFACTURER does not fit", out reason);
                _manufacturer.Add(Encoding.UTF8.GetString(body.Slice(at, (int)length)).TrimEnd('\0'));
                at += (int)((length + 3) & ~3u);
                if (at > body.Length) return Fail("a text of MANUFACTURER is not padded", out reason);
            }

            reason = "";
            return at == body.Length || Fail("bytes follow MANUFACTURER", out reason);
        }

        private bool TryTakeExtendedKey(ReadOnlyMemory<byte> body, out string reason)
        {
            if (body.Length != 8 + P256.PointLength || BinaryPrimitives.ReadUInt32BigEndian(body.Span) != 0x00010000 + (P256.PointLength * 8))
                return Fail("the key for extended data is not one of P-256", out reason);
            _extendedKey = body[8..];
            reason = "";
            return true;
        }
    }
}
