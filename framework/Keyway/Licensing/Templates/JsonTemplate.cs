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
internal sealed class JsonTemplate
{
    private const string JsonMember = "$json";
    private const string EncodeMember = "$encode";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SettingNodeKind _kind;
    private readonly IReadOnlyList<(string Name, JsonTemplate Node)> _members;
    private readonly string? _literal;
    private readonly TextTemplate? _text;
    private readonly JsonTemplate? _inner;
    private readonly ValueEncoding[] _encodings;

    private JsonTemplate(
        SettingNodeKind kind, IReadOnlyList<(string, JsonTemplate)>? members = null, string? literal = null, TextTemplate? text = null, JsonTemplate? inner = null, ValueEncoding[]? encodings = null)
    {
        (_kind, _members, _literal, _text, _inner, _encodings) = (kind, members ?? [], literal, text, inner, encodings ?? []);
    }

    public IEnumerable<string> Names =>
        (_text?.Names ?? []).Concat(_inner?.Names ?? []).Concat(_members.SelectMany(static member => member.Node.Names));

    public static JsonTemplate Read(SettingNode node, TemplatePlace place, TemplateNames names, SettingMistakes mistakes)
    {
        switch (node.Kind)
        {
            case SettingNodeKind.Object when node.Find(JsonMember) is { } inner:
                SettingReader reader = new(node, mistakes);
                reader.Member(JsonMember);
                ValueEncoding[] encodings = ValueTemplate.ReadEncodings(reader, EncodeMember);
                reader.End();
                return new JsonTemplate(SettingNodeKind.Text, inner: Read(inner, place, names, mistakes), encodings: encodings);
            case SettingNodeKind.Object:
                return new JsonTemplate(SettingNodeKind.Object, [.. node.Members.Select(member => (member.Name, Read(member.Node, place, names, mistakes)))]);
            case SettingNodeKind.List:
                return new JsonTemplate(SettingNodeKind.List, [.. node.Members.Select(member => (member.Name, Read(member.Node, place, names, mistakes)))]);
            case SettingNodeKind.Text:
                return new JsonTemplate(SettingNodeKind.Text, text: ValueTemplate.ReadTemplate(node, place, names, mistakes));
            default:
                return new JsonTemplate(node.Kind, literal: node.Text ?? "null");
        }
    }

    /// <summary>An object whose members stand at dotted paths.</summary>
    public static JsonTemplate OfPaths(IEnumerable<(string Path, TextTemplate Text)> members)
    {
        return new JsonTemplate(SettingNodeKind.Object, [.. Grouped(members.Select(static member => (member.Path.Split('.'), member.Text)))]);

        static IEnumerable<(string, JsonTemplate)> Grouped(IEnumerable<(string[] Names, TextTemplate Text)> members) =>
            from member in members
            group member by member.Names[0] into same
            let value = same.First()
            select (same.Key, value.Names.Length == 1
                ? new JsonTemplate(SettingNodeKind.Text, text: value.Text)
                : new JsonTemplate(SettingNodeKind.Object, [.. Grouped(same.Select(static each => (each.Names[1..], each.Text)))]));
    }

    /// <summary>Writes the whole.</summary>
    public async ValueTask WriteAsync(ITemplateValues values, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        Utf8JsonWriter writer = new(destination, Options);
        await using (writer.ConfigureAwait(false)) await WriteAsync(writer, null, values, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteAsync(Utf8JsonWriter writer, string? name, ITemplateValues values, CancellationToken cancellationToken)
    {
        if (_kind is SettingNodeKind.Object or SettingNodeKind.List)
        {
            if (name is not null) writer.WritePropertyName(name);
            if (_kind == SettingNodeKind.Object) writer.WriteStartObject();
            else writer.WriteStartArray();
            foreach ((string member, JsonTemplate node) in _members)
                await node.WriteAsync(writer, _kind == SettingNodeKind.Object ? member : null, values, cancellationToken).ConfigureAwait(false);
            if (_kind == SettingNodeKind.Object) writer.WriteEndObject();
            else writer.WriteEndArray();
            return;
        }

        using SecretBuffer value = new();
        if (_text is not null && !await ValueTemplate.TryWriteAsync(_text, ValueEncoding.Raw, false, values, value, cancellationToken).ConfigureAwait(false)) return;
        if (_inner is not null) await ValueTemplate.WriteEncodedAsync(_inner, _encodings, values, value, cancellationToken).ConfigureAwait(false);
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
