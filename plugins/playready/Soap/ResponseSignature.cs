using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Keyway.PlayReady.Certificates;

namespace Keyway.PlayReady.Soap;

/// <summary>The signature of a licence answer.</summary>
internal sealed class ResponseSignature
{
    /// <summary>The characters of SignedInfo as received: what is signed.</summary>
    public required string SignedInfo { get; init; }

    /// <summary>The same, parsed.</summary>
    public required XElement Content { get; init; }

    /// <summary>r‖s.</summary>
    public required byte[] Value { get; init; }

    /// <summary>Verifies digest, signature and chain.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="roots">The configured roots.</param>
    /// <param name="now">The time; <see langword="null"/> for a stored answer, whose certificates were valid when it came.</param>
    /// <param name="fault">Why not.</param>
    public bool TryVerify(LicenseResponse response, IReadOnlyList<PlayReadyRoot> roots, DateTimeOffset? now, out PlayReadyFault fault)
    {
        XElement? reference = Content.OnlyNamed("Reference");
        if (Algorithm(Content, "SignatureMethod") != PlayReadyConstants.EcdsaSha256 || Algorithm(Content, "CanonicalizationMethod") != PlayReadyConstants.CanonicalXml
            || Algorithm(reference, "DigestMethod") != PlayReadyConstants.Sha256)
            return Fail("the answer's signature names methods that are not known", out fault);
        if (response.Id is not { Length: > 0 } id || reference?.Attribute("URI")?.Value != "#" + id) return Fail("the answer's signature refers to something else", out fault);

        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(response.Markup));
        string stated = reference.OnlyNamed("DigestValue")?.Value.Trim() ?? "";
        byte[] expected = new byte[stated.Length];
        if (!Convert.TryFromBase64String(stated, expected, out int written) || !digest.AsSpan().SequenceEqual(expected.AsSpan(0, written)))
            return Fail("the answer's digest is wrong", out fault);

        if (response.SigningChain is null) return Fail("the answer is signed and names no certificates", out fault);
        if (!BCertChain.TryRead(response.SigningChain, out BCertChain? chain, out BCertFault why)) return Fail(why.Reason, out fault);
        if (!chain!.TryVerify(BCertType.Server, BCertUsage.IssuerServer, roots, now, out _, out why))
        {
            fault = new PlayReadyFault(why.Code, $"the answer's signer: {why.Reason}");
            return false;
        }

        if (chain.Leaf.KeyFor(BCertUsage.SignResponse) is not BCertKey key)
        {
            fault = new PlayReadyFault(PlayReadyCode.CertificateNoKeyForUsage, "the answer's signer has no key that may sign answers");
            return false;
        }

        fault = default;
        return P256.Verify(key.Point.Span, Encoding.UTF8.GetBytes(SignedInfo), Value) || Fail("the answer's signature is wrong", out fault);
    }

    private static string? Algorithm(XElement? parent, string name) => parent.OnlyNamed(name)?.Attribute("Algorithm")?.Value;

    private static bool Fail(string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(PlayReadyCode.ResponseSignature, reason);
        return false;
    }
}
