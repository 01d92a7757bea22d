using System.Buffers;
using Keyway.Licensing;
using Keyway.PlayReady.Soap;
using Keyway.PlayReady.Xmr;

namespace Keyway.PlayReady;

/// <summary>Licences in files: one alone, as it is or in base64, or a service's answer with some. Nothing is verified, nothing is opened.</summary>
internal static class LicenseInspection
{
    /// <summary>Describes them; <see langword="null"/>: the file is neither.</summary>
    public static IReadOnlyList<LicenseDescription>? Describe(ReadOnlyMemory<byte> data)
    {
        if (data.Length > PlayReadyConstants.LongestMessage) return null;
        if (data.Span.StartsWith("\uFEFF"u8)) data = data[3..];   // what an editor puts before a text
        if (IsLicense(data.Span)) return [XmrFacts.Describe(data)];
        if (TextBytes.IsBase64Text(data.Span)) return TextBytes.Unwrap(data.Span, "LICENSE") is { } decoded && IsLicense(decoded) ? [XmrFacts.Describe(decoded)] : null;

        // Manifests are XML too: only an answer that can be read as one is taken.
        if (data.Span.IndexOf("LicenseResponse"u8) < 0 || !SoapMessage.TryRead(new ReadOnlySequence<byte>(data), out SoapMessage? message, out _)
            || !LicenseResponse.TryRead(message!, out LicenseResponse? response, out _) || !response!.TryReadContent(out _)) return null;
        return [.. response.Licenses.Select(static license => XmrFacts.Describe(license))];
    }

    private static bool IsLicense(ReadOnlySpan<byte> bytes) => bytes.StartsWith("XMR\0"u8);
}
