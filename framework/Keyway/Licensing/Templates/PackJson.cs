using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Templates;

/// <summary>
/// JSON with templates in it. A text of one <c>{name:…:decimal}</c> is written as an array of numbers. An object <c>{ "$json": …, "$encode": [ "base64" ] }</c>
/// is the encoded text of another JSON: they nest. Members whose value is not given are left out.
/// </summary>
internal sealed class PackJson
{
    private const string JsonMember = "$json";
    private const string EncodeMember = "$encode";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly PackNodeKind _kind;
    private readonly IReadOnlyList<(string Name, PackJson Node)> _members;
    private readonly string? _literal;
    private readonly TextTemplate? _text;
    private readonly PackJson? _inner;
    private readonly ValueEncoding[] _encodings;

    private PackJson(
        PackNodeKind kind, IReadOnlyList<(string, PackJson)>? members = null, string? literal = null, TextTemplate? text = null, PackJson? inner = null, ValueEncoding[]? encodings = null)
    {
        (_kind, _members, _literal, _text, _inner, _encodings) = (kind, members ?? [], literal, text, inner, encodings ?? []);
    }

    public IEnumerable<string> Names =>
        (_text?.Names ?? []).Concat(_inner?.Names ?? []).Concat(_members.SelectMany(static member => member.Node.Names));

    public static PackJson Read(PackNode node, PackPlace place, PackNames names, PackMistakes mistakes)
    {
        switch (node.Kind)
        {
            case PackNodeKind.Object when node.Find(JsonMember) is { } inner:
                PackReader reader = new(node, mistakes);
                reader.Member(JsonMember);
                ValueEncoding[] encodings = PackValue.ReadEncodings(reader, EncodeMember);
                reader.End();
                return new PackJson(PackNodeKind.Text, inner: Read(inner, place, names, mistakes), encodings: encodings);
            case PackNodeKind.Object:
                return new PackJson(PackNodeKind.Object, [.. node.Members.Select(member => (member.Name, Read(member.Node, place, names, mistakes)))]);
            case PackNodeKind.List:
                return new PackJson(PackNodeKind.List, [.. node.Members.Select(member => (member.Name, Read(member.Node, place, names, mistakes)))]);
            case PackNodeKind.Text:
                return new PackJson(PackNodeKind.Text, text: PackValue.ReadTemplate(node, place, names, mistakes));
            default:
                return new PackJson(node.Kind, literal: node.Text ?? "null");
        }
    }

    /// <summary>Writes the whole.</summary>
    public async ValueTask WriteAsync(ITemplateValues values, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        Utf8JsonWriter writer = new(destination, Options);
        await using (writer.ConfigureAwait(false)) await WriteAsync(writer, null, values, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteAsync(Utf8JsonWriter writer, string? name, ITemplateValues values, CancellationToken cancellationToken)
    {
        if (_kind is PackNodeKind.Object or PackNodeKind.List)
        {
            if (name is not null) writer.WritePropertyName(name);
            if (_kind == PackNodeKind.Object) writer.WriteStartObject();
            else writer.WriteStartArray();
            foreach ((string member, PackJson node) in _members)
                await node.WriteAsync(writer, _kind == PackNodeKind.Object ? member : null, values, cancellationToken).ConfigureAwait(false);
            if (_kind == PackNodeKind.Object) writer.WriteEndObject();
            else writer.WriteEndArray();
            return;
        }

        using SecretBuffer value = new();
        if (_text is not null && !await PackValue.TryWriteAsync(_text, ValueEncoding.Raw, false, values, value, cancellationToken).ConfigureAwait(false)) return;
        if (_inner is not null) await PackValue.WriteEncodedAsync(_inner, _encodings, values, value, cancellationToken).ConfigureAwait(false);
        if (name is not null) writer.WritePropertyName(name);
        if (_literal is not null) writer.WriteRawValue(_literal);
        else if (_text is { Parts: [{ IsName: true, Encodings: [.., ValueEncoding.Decimal] }] } && !values.IsPreview) WriteArray(writer, value.Written.Span);
        else writer.WriteStringValue(value.Written.Span);
    }

    private static void WriteArray(Utf8JsonWriter writer, ReadOnlySpan<byte> numbers)
    {
        using SecretBuffer array = new();
        array.Write("["u8);
        array.Write(numbers);
        array.Write("]"u8);
        writer.WriteRawValue(array.Written.Span, skipInputValidation: true);
    }
}
