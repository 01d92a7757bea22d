using System.Buffers;
using System.Text;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Templates;

/// <summary>
/// A value of a header, a query member, a URL: a template, or JSON, encoded as a whole. In a pack it stands as a text, as an object
/// <c>{ "value" | "json", "encode", "verbatim", "optional", "when" }</c>, or as a list of these of which the first counts whose <c>when</c> holds.
/// </summary>
internal sealed class ValueTemplate
{
    private readonly TextTemplate? _text;
    private readonly JsonTemplate? _json;
    private readonly ValueEncoding[] _encodings;
    private readonly bool _optional;

    private ValueTemplate(TextTemplate? text, JsonTemplate? json, ValueEncoding[] encodings, bool optional, string path) =>
        (_text, _json, _encodings, _optional, Path) = (text, json, encodings, optional, path);

    /// <summary>Where it stands.</summary>
    public string Path { get; }

    /// <summary>Whether it is escaped already, and is written into a query as it is.</summary>
    public bool Verbatim { get; private init; }

    public ParameterCondition? When { get; private init; }

    public IEnumerable<string> Names => (_text?.Names ?? []).Concat(_json?.Names ?? []);

    /// <summary>The value, encoded in one more way.</summary>
    public ValueTemplate In(ValueEncoding encoding) => new(_text, _json, [.. _encodings, encoding], _optional, Path) { Verbatim = Verbatim, When = When };

    /// <summary>The value, which is escaped already.</summary>
    public ValueTemplate AsItIs() => new(_text, _json, _encodings, _optional, Path) { Verbatim = true, When = When };

    /// <summary>Reads a value, or the several of which one will count.</summary>
    public static IReadOnlyList<ValueTemplate> Read(SettingNode node, TemplatePlace place, TemplateNames names, SettingMistakes mistakes)
    {
        if (node.Kind != SettingNodeKind.List) return ReadOne(node, place, names, mistakes) is { } one ? [one] : [];
        ValueTemplate[] several = [.. node.Items.Select(item => ReadOne(item, place, names, mistakes)).OfType<ValueTemplate>()];
        foreach ((int i, ValueTemplate value) in several.Index())
            if (place == TemplatePlace.Recipe) mistakes.Add(value.Path, "one value is expected here, not a choice of several");
            else if (value.When is null && i < several.Length - 1) mistakes.Add(value.Path, "counts always, so nothing after it ever will: give it a 'when', or put it last");
        return several;
    }

    public static ValueEncoding[] ReadEncodings(SettingReader reader, string name)
    {
        List<ValueEncoding> encodings = [];
        foreach (SettingNode item in reader.Texts(name))
        {
            if (ValueEncoder.TryParse(item.IsOfConfiguration ? item.Text!.ToLowerInvariant() : item.Text!, out ValueEncoding encoding)) encodings.Add(encoding);
            else reader.Mistakes.Add(item, $"no encoding (there are {ValueEncoder.Known})");
        }

        return [.. encodings];
    }

    public static TextTemplate ReadTemplate(SettingNode node, TemplatePlace place, TemplateNames names, SettingMistakes mistakes)
    {
        if (node.Text is { } text && SecretText.IsReference(text))
        {
            if (!SecretText.IsName(text[SecretText.Prefix.Length..])) mistakes.Add(node, $"not a secret's name: {SecretText.NameRule}");
            return TextTemplate.OfName(text);
        }

        if (!TextTemplate.TryParse(node.Text ?? "", out TextTemplate? template, out string? reason))
        {
            mistakes.Add(node, reason);
            return TextTemplate.Empty;
        }

        foreach (string name in template.Names)
            if (names.WhyNot(name, place, node.IsOfConfiguration) is { } why) mistakes.Add(node, why);
        return template;
    }

    /// <summary>Writes the value.</summary>
    /// <param name="plain">The encoding of names that have none.</param>
    /// <param name="values">What names stand for.</param>
    /// <param name="destination">Where to write it.</param>
    /// <param name="cancellationToken">Cancels the search for values.</param>
    /// <returns><see langword="false"/>: something that it names may be missing and is, and so it is left out.</returns>
    public async ValueTask<bool> TryWriteAsync(ValueEncoding plain, ITemplateValues values, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (_json is not null)
        {
            await WriteEncodedAsync(_json, _encodings, values, destination, cancellationToken).ConfigureAwait(false);
            return true;
        }

        if (_encodings.Length == 0) return await TryWriteAsync(_text!, plain, _optional, values, destination, cancellationToken).ConfigureAwait(false);
        using SecretBuffer text = new();
        if (!await TryWriteAsync(_text!, plain, _optional, values, text, cancellationToken).ConfigureAwait(false)) return false;
        Encode(text, _encodings, values, destination);
        return true;
    }

    public async ValueTask<string?> TextAsync(ValueEncoding plain, ITemplateValues values, CancellationToken cancellationToken)
    {
        using SecretBuffer text = new();
        return await TryWriteAsync(plain, values, text, cancellationToken).ConfigureAwait(false) ? Encoding.UTF8.GetString(text.Written.Span) : null;
    }

    public static async ValueTask<bool> TryWriteAsync(
        TextTemplate template, ValueEncoding plain, bool optional, ITemplateValues values, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        foreach (TemplatePart part in template.Parts)
        {
            if (!part.IsName)
            {
                destination.Write(Encoding.UTF8.GetBytes(part.Text));
                continue;
            }

            if (await values.FindAsync(part.Text, optional, cancellationToken).ConfigureAwait(false) is not { } value) return false;
            if (!TextTemplate.TryWrite(part, value, plain, destination))
                throw new LicenseServiceException(LicenseErrorKind.NotConfigured, $"the value '{part.Text}' cannot be written as it is wanted ({string.Join(':', part.Encodings.Select(ValueEncoder.NameOf))})");
        }

        return true;
    }

    public static async ValueTask WriteEncodedAsync(JsonTemplate json, ValueEncoding[] encodings, ITemplateValues values, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        using SecretBuffer text = new();
        await json.WriteAsync(values, text, cancellationToken).ConfigureAwait(false);
        Encode(text, encodings, values, destination);
    }

    private static void Encode(SecretBuffer text, ValueEncoding[] encodings, ITemplateValues values, IBufferWriter<byte> destination)
    {
        if (!values.IsPreview || encodings.Length == 0)
        {
            ValueEncoder.TryWrite(text.Written.Span, encodings, destination);
            return;
        }

        // base64(url(…)): people are shown what is in it.
        destination.Write(Encoding.UTF8.GetBytes(string.Concat(encodings.Reverse().Select(static encoding => ValueEncoder.NameOf(encoding) + "("))));
        destination.Write(text.Written.Span);
        destination.Write(Encoding.UTF8.GetBytes(new string(')', encodings.Length)));
    }

    private static ValueTemplate? ReadOne(SettingNode node, TemplatePlace place, TemplateNames names, SettingMistakes mistakes)
    {
        if (node.IsScalar) return new ValueTemplate(ReadTemplate(node, place, names, mistakes), null, [], false, node.Path);
        if (node.Kind != SettingNodeKind.Object)
        {
            mistakes.Add(node, "a text is expected, or an object with 'value' or 'json'");
            return null;
        }

        SettingReader reader = new(node, mistakes);
        SettingNode? value = reader.Member("value"), json = reader.Member("json")?.Parsed(mistakes);
        if (value is null == json is null) mistakes.Add(node, "either 'value' or 'json' is expected");
        if (value is { IsScalar: false }) mistakes.Add(value, "a text is expected");
        ValueTemplate read = new(
            value is { IsScalar: true } ? ReadTemplate(value, place, names, mistakes) : TextTemplate.Empty,
            json is null ? null : JsonTemplate.Read(json, place, names, mistakes),
            ReadEncodings(reader, "encode"),
            reader.Flag("optional", otherwise: false),
            node.Path)
        {
            Verbatim = reader.Flag("verbatim", otherwise: false),
            When = ParameterCondition.Read(reader.Member("when"), names, mistakes),
        };
        reader.End();
        if (place == TemplatePlace.Recipe && read.When is not null) mistakes.Add(node, "'when' has no meaning here");
        return read;
    }
}
