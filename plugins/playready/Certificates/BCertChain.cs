using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Keyway.PlayReady.Certificates;

/// <summary>Why a chain is not trusted.</summary>
/// <param name="Code">The protocol's code; 0: the chain is malformed, and the code is that of whatever needed it.</param>
/// <param name="Reason">What is wrong.</param>
internal readonly record struct BCertFault(uint Code, string Reason);

/// <summary>A chain of certificates, leaf first. The root itself is not in it: only the key that it signed with.</summary>
/// <remarks>
/// <code>
/// 'CHAI' version:4 total:4 flags:4 count:4 certificate × count        big-endian
/// </code>
/// </remarks>
internal sealed class BCertChain
{
    private const uint Magic = 0x43484149;
    private const int HeadLength = 20;
    private const int MostCertificates = 6;

    private BCertChain(ReadOnlyMemory<byte> bytes, IReadOnlyList<BCert> certificates)
    {
        Bytes = bytes;
        Certificates = certificates;
    }

    /// <summary>The chain as received.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The certificates, leaf first.</summary>
    public IReadOnlyList<BCert> Certificates { get; }

    public BCert Leaf => Certificates[0];

    /// <summary>Whether bytes begin as a chain does.</summary>
    public static bool LooksLikeChain(ReadOnlySpan<byte> bytes) => bytes.StartsWith("CHAI"u8);

    /// <summary>Reads a chain, strictly. Nothing is verified yet.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> source, out BCertChain? chain, out BCertFault fault)
    {
        chain = null;
        ReadOnlySpan<byte> bytes = source.Span;
        if (bytes.Length < HeadLength || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic) return Fail("a certificate chain does not begin with CHAI", out fault);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != 1) return Fail("the certificate chain is not of version 1", out fault);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) != (uint)bytes.Length) return Fail("the length of the certificate chain is wrong", out fault);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]) != 0) return Fail("the certificate chain has flags that are not known", out fault);
        uint count = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
        if (count is 0 or > MostCertificates) return Fail($"the certificate chain holds {count} certificates", out fault);

        List<BCert> certificates = [];
        int at = HeadLength;
        for (uint i = 0; i < count; i++)
        {
            if (!BCert.TryRead(source[at..], at, out BCert? certificate, out string reason)) return Fail($"certificate {i}: {reason}", out fault);
            certificates.Add(certificate!);
            at += certificate!.Bytes.Length;
        }

        if (at != bytes.Length) return Fail("bytes follow the last certificate", out fault);
        chain = new BCertChain(source, certificates);
        fault = default;
        return true;
    }

    /// <summary>Walks from the leaf to a configured root.</summary>
    /// <param name="leafType">What the leaf must be.</param>
    /// <param name="issuing">The usage that its issuers' keys must have; one for everything does too.</param>
    /// <param name="roots">The roots.</param>
    /// <param name="now">The time against which expiry is checked; <see langword="null"/>: it was checked when the chain came.</param>
    /// <param name="root">The root that it ends in.</param>
    /// <param name="fault">Why not.</param>
    public bool TryVerify(BCertType leafType, BCertUsage issuing, IReadOnlyList<PlayReadyRoot> roots, DateTimeOffset? now, out PlayReadyRoot? root, out BCertFault fault)
    {
        root = null;
        for (int i = 0; i < Certificates.Count; i++)
            if (!IsAuthentic(Certificates[i], i, out fault)) return false;

        // Only now does anything that a certificate says count.
        for (int i = 0; i < Certificates.Count; i++)
        {
            if (now is { } time && Certificates[i].Expiry != uint.MaxValue && time.ToUnixTimeSeconds() >= Certificates[i].Expiry)
                return Fail(PlayReadyCode.CertificateExpired, $"certificate {i} has expired", out fault);
            if (i + 1 < Certificates.Count && !MayIssue(Certificates[i + 1], Certificates[i], i, issuing, out fault)) return false;
        }

        if (Leaf.Type != leafType) return Fail(PlayReadyCode.CertificateVerification, $"the leaf is of type {Leaf.Type}, not {leafType}", out fault);
        ReadOnlyMemory<byte> top = Certificates[^1].IssuerKey;
        root = roots.FirstOrDefault(candidate => CryptographicOperations.FixedTimeEquals(candidate.PublicKey.Span, top.Span));
        fault = default;
        return root is not null || Fail(PlayReadyCode.CertificateVerification, "the certificate chain ends in no configured root", out fault);
    }

    private static bool IsAuthentic(BCert certificate, int index, out BCertFault fault)
    {
        if (!P256.Verify(certificate.IssuerKey.Span, certificate.Bytes.Span[..certificate.SignedLength], certificate.Signature.Span))
            return Fail(PlayReadyCode.CertificateVerification, $"the signature of certificate {index} is wrong", out fault);
        if (!certificate.ExtendedData.IsEmpty
            && !P256.Verify(certificate.ExtendedDataKey.Span, certificate.ExtendedData.Span, certificate.ExtendedDataSignature.Span))
            return Fail(PlayReadyCode.CertificateVerification, $"the signature of certificate {index}'s extended data is wrong", out fault);
        fault = default;
        return true;
    }

    private static bool MayIssue(BCert issuer, BCert certificate, int index, BCertUsage issuing, out BCertFault fault)
    {
        if (issuer.Type != BCertType.Issuer)
            return Fail(PlayReadyCode.CertificateIssuerMismatch, $"certificate {index + 1} is of type {issuer.Type} and may not issue", out fault);
        BCertKey[] named = [.. issuer.Keys.Where(key => key.Point.Span.SequenceEqual(certificate.IssuerKey.Span))];
        if (named.Length == 0) return Fail(PlayReadyCode.CertificateIssuerMismatch, $"certificate {index} is not signed by a key of certificate {index + 1}", out fault);
        if (!named.Any(key => key.Usages.Contains(issuing) || key.Usages.Contains(BCertUsage.IssuerAll)))
            return Fail(PlayReadyCode.CertificateNoKeyForUsage, $"the key of certificate {index + 1} may not issue what certificate {index} is for", out fault);
        if (certificate.SecurityLevel > issuer.SecurityLevel)
            return Fail(PlayReadyCode.CertificateVerification, $"certificate {index} has a higher security level than its issuer", out fault);
        fault = default;
        return true;
    }

    /// <summary>What the chain says, for people.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (BCert certificate in Certificates) text.Append(text.Length == 0 ? "" : " ← ").Append(certificate.Type).Append(" level ").Append(certificate.SecurityLevel);
        return text.ToString();
    }

    private static bool Fail(string reason, out BCertFault fault) => Fail(0, reason, out fault);

    private static bool Fail(uint code, string reason, out BCertFault fault)
    {
        fault = new BCertFault(code, reason);
        return false;
    }
}
