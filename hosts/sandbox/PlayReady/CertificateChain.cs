namespace Keyway.Sandbox.PlayReady;

/// <summary>A chain of certificates from a client.</summary>
internal static class CertificateChain
{
    private const int MostCertificates = 6;

    /// <summary>Reads a device's chain and walks it up to the root.</summary>
    /// <param name="bytes">The chain.</param>
    /// <param name="root">The root's public key.</param>
    /// <param name="now">The time.</param>
    /// <returns>What the device's own certificate says.</returns>
    /// <exception cref="FormatException">It is no chain, or does not lead there; the message says why.</exception>
    public static CertificateFacts Verify(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> root, DateTimeOffset now)
    {
        ByteReader reader = new(bytes);
        if (!reader.Bytes(4).SequenceEqual("CHAI"u8) || reader.U32() != 1) throw new FormatException("The chain is none of version 1.");
        if (reader.U32() != bytes.Length) throw new FormatException("The length of the chain is wrong.");
        reader.U32();
        uint count = reader.U32();
        if (count is 0 or > MostCertificates) throw new FormatException("The chain has no certificate, or too many.");

        List<Certificate> chain = [];
        for (int i = 0; i < count; i++)
        {
            ByteReader peek = reader;
            peek.Bytes(8);
            try
            {
                chain.Add(Certificate.Read(reader.Bytes(peek.U32())));
            }
            catch (FormatException e)
            {
                throw new FormatException($"Certificate {i} of the chain: {e.Message}.", e);
            }
        }

        if (!reader.IsAtEnd) throw new FormatException("There is something behind the last certificate of the chain.");
        if (chain[0].Facts.Type != CertificateType.Device) throw new FormatException("The chain's leaf is no device.");
        for (int i = 0; i < chain.Count; i++)
        {
            CertificateFacts facts = chain[i].Facts;
            if (facts.Expires != CertificateFacts.Never && facts.Expires <= now.ToUnixTimeSeconds()) throw new FormatException($"Certificate {i} of the chain has expired.");
            if (i + 1 == chain.Count) break;

            CertificateFacts issuer = chain[i + 1].Facts;
            byte[] key = chain[i].IssuerKey;
            if (issuer.Type != CertificateType.Issuer) throw new FormatException($"Certificate {i + 1} of the chain is no issuer.");
            if (!issuer.Keys.Any(one => one.Point.AsSpan().SequenceEqual(key) && (one.Usages.Contains(KeyUsage.IssueDevice) || one.Usages.Contains(KeyUsage.IssueAll))))
                throw new FormatException($"Certificate {i} of the chain is not signed by a key of certificate {i + 1} that may issue devices.");
            if (facts.Level > issuer.Level) throw new FormatException($"Certificate {i} of the chain has a higher security level than its issuer.");
        }

        return chain[^1].IssuerKey.AsSpan().SequenceEqual(root) ? chain[0].Facts : throw new FormatException("The chain does not lead to the root of this sandbox.");
    }
}
