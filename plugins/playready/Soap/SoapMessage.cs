using System.Buffers;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Keyway.PlayReady.Soap;

/// <summary>An answer as text and as a tree. SOAP 1.1 and 1.2 are read alike.</summary>
internal sealed class SoapMessage
{
    private static readonly Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private SoapMessage(string text, XElement body)
    {
        Text = text;
        Body = body;
    }

    /// <summary>The text as received. Digests are over its UTF-8 bytes, which are the received ones: other encodings are refused.</summary>
    public string Text { get; }

    public XElement Body { get; }

    /// <summary>Reads a message.</summary>
    public static bool TryRead(in ReadOnlySequence<byte> source, out SoapMessage? message, out string reason)
    {
        message = null;
        if (source.Length > PlayReadyConstants.LongestMessage) return Fail("the answer is too long", out reason);
        string text;
        try
        {
            byte[] bytes = source.ToArray();
            bool marked = bytes.AsSpan().StartsWith("\uFEFF"u8);
            text = Utf8.GetString(bytes.AsSpan(marked ? 3 : 0));
        }
        catch (DecoderFallbackException)
        {
            return Fail("the answer is not UTF-8", out reason);
        }

        XElement root;
        try
        {
            root = BoundedXml.Parse(text).Root!;
        }
        catch (XmlException)
        {
            return Fail("the answer is not well-formed XML", out reason);
        }

        if (root.Name.LocalName != "Envelope" || root.Name.NamespaceName is not (PlayReadyConstants.Soap11Namespace or PlayReadyConstants.Soap12Namespace))
            return Fail("the answer is not a SOAP envelope", out reason);
        if (root.OnlyNamed("Body") is not XElement body) return Fail("the SOAP envelope has not exactly one body", out reason);
        message = new SoapMessage(text, body);
        reason = "";
        return true;
    }

    private static bool Fail(string why, out string reason)
    {
        reason = why;
        return false;
    }
}
