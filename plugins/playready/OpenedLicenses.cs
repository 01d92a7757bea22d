using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Keyway.PlayReady.Soap;
using Keyway.PlayReady.Xmr;

namespace Keyway.PlayReady;

/// <summary>The licences of one answer, authentic and unwrapped. Their rules are not judged yet.</summary>
/// <remarks>Ownership: who opened it disposes it, which clears the keys.</remarks>
internal sealed class OpenedLicenses : IDisposable
{
    private readonly List<(XmrLicense License, byte[] Key)> _items = [];

    /// <summary>The licences in order, each with its content key.</summary>
    public IReadOnlyList<(XmrLicense License, byte[] Key)> Items => _items;

    /// <summary>Whether the service asks for an acknowledgement.</summary>
    public bool WantsAcknowledgement { get; private set; }

    /// <summary>Whether the answer brings revocation lists.</summary>
    public bool BringsRevocationLists { get; private set; }

    /// <summary>
    /// Opens an answer: its signature if it has one, then each licence's structure, binding and integrity, then what ties the answer to the
    /// challenge. One licence that is not what it was makes the whole answer worthless.
    /// </summary>
    /// <param name="body">The answer.</param>
    /// <param name="nonce">The nonce of the challenge.</param>
    /// <param name="credential">The device.</param>
    /// <param name="options">The settings.</param>
    /// <param name="now">The time; <see langword="null"/> for an answer that was stored.</param>
    /// <param name="opened">The licences.</param>
    /// <param name="fault">Why not.</param>
    public static bool TryOpen(
        in ReadOnlySequence<byte> body,
        ReadOnlySpan<byte> nonce,
        PlayReadyCredential credential,
        PlayReadyOptions options,
        DateTimeOffset? now,
        out OpenedLicenses? opened,
        out PlayReadyFault fault)
    {
        opened = null;
        if (!SoapMessage.TryRead(body, out SoapMessage? message, out string reason)) return Fail(PlayReadyCode.LicenseInvalid, reason, out fault);
        if (!LicenseResponse.TryRead(message!, out LicenseResponse? response, out fault)) return false;
        if (response!.Signature is { } signature && !signature.TryVerify(response, options.Roots, now, out fault)) return false;
        if (!response.TryReadContent(out fault)) return false;
        if (response.Licenses.Count == 0) return Fail(PlayReadyCode.LicenseNotFound, "the answer holds no licence", out fault);
        if (response.Licenses.Count > options.MaxLicenses)
            return Fail(PlayReadyCode.TooManyLicenses, $"the answer holds {response.Licenses.Count} licences; MaxLicenses is {options.MaxLicenses}", out fault);

        OpenedLicenses result = new() { WantsAcknowledgement = response.WantsAcknowledgement, BringsRevocationLists = response.BringsRevocationLists };
        bool done = false;
        try
        {
            foreach (byte[] bytes in response.Licenses)
                if (!result.TryAdd(bytes, credential, out fault)) return false;
            done = result.TryMatch(response, nonce, options.ResponseSigning, out fault);
            opened = done ? result : null;
            return done;
        }
        finally
        {
            if (!done) result.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((_, byte[] key) in _items) CryptographicOperations.ZeroMemory(key);
    }

    private bool TryAdd(byte[] bytes, PlayReadyCredential credential, out PlayReadyFault fault)
    {
        if (!XmrEnvelope.TryRead(bytes, out XmrEnvelope? envelope, out fault)) return false;
        byte[] key = new byte[16];
        if (!envelope!.TryOpen(credential, key, out fault)) return false;
        if (!XmrLicense.TryRead(envelope, out XmrLicense license, out fault))
        {
            CryptographicOperations.ZeroMemory(key);
            return false;
        }

        _items.Add((license, key));
        return true;
    }

    /// <summary>Ties the answer to the challenge, so that an old one cannot be played back.</summary>
    private bool TryMatch(LicenseResponse response, ReadOnlySpan<byte> nonce, ResponseSigning signing, out PlayReadyFault fault)
    {
        bool persistent = _items.Any(item => item.License.IsPersistent);
        if (response.Signature is null && (persistent || signing == ResponseSigning.Always))
            return Fail(PlayReadyCode.ResponseSignatureMissing, persistent ? "the answer holds a persistent licence and is not signed" : "the answer is not signed", out fault);
        if (response.Nonce is not null ? !CryptographicOperations.FixedTimeEquals(response.Nonce, nonce) : persistent)
            return Fail(PlayReadyCode.NonceNotFound, "the answer is not to this challenge", out fault);
        if (persistent && response.ResponseId is not { Length: > 0 }) return Fail(PlayReadyCode.ResponseId, "the answer has no ResponseID", out fault);

        HashSet<(KeyId, string)> seen = [];
        foreach ((XmrLicense license, _) in _items)
        {
            ReadOnlySpan<byte> rightsId = license.Envelope.RightsId.Span;
            if (!license.IsPersistent && !FollowsNonce(rightsId, nonce, _items.Count)) return Fail(PlayReadyCode.NonceNotFound, "a licence is not to this challenge", out fault);
            if (!seen.Add((license.Envelope.KeyId, Convert.ToHexString(rightsId)))) return Fail(PlayReadyCode.DuplicateLicense, "a licence is there twice", out fault);
        }

        fault = default;
        return true;
    }

    /// <summary>Whether a rights id is the nonce plus a number below the count of licences. In which byte order is added is not public, so either will do.</summary>
    private static bool FollowsNonce(ReadOnlySpan<byte> rightsId, ReadOnlySpan<byte> nonce, int count)
    {
        UInt128 little = BinaryPrimitives.ReadUInt128LittleEndian(rightsId) - BinaryPrimitives.ReadUInt128LittleEndian(nonce);
        UInt128 big = BinaryPrimitives.ReadUInt128BigEndian(rightsId) - BinaryPrimitives.ReadUInt128BigEndian(nonce);
        return little < (UInt128)count || big < (UInt128)count;
    }

    private static bool Fail(uint code, string reason, out PlayReadyFault fault)
    {
        fault = new PlayReadyFault(code, reason);
        return false;
    }
}
