using System.Buffers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Templates;

/// <summary>
/// A body: <c>"challenge"</c> (the challenge itself), <c>"none"</c>, or an object <c>{ "json": … }</c> or <c>{ "text": "…" }</c>, with
/// <c>contentType</c> where it is not the usual one.
/// </summary>
internal sealed class BodyTemplate
{
    private readonly JsonTemplate? _json;
    private readonly TextTemplate? _text;

    private BodyTemplate(JsonTemplate? json, TextTemplate? text, string? contentType) => (_json, _text, ContentType) = (json, text, contentType);

    /// <summary>The challenge itself.</summary>
    public static BodyTemplate Challenge { get; } = new(null, null, null);

    /// <summary>Nothing.</summary>
    public static BodyTemplate None { get; } = new(null, null, null);

    /// <summary>The media type; <see langword="null"/>: what it was.</summary>
    public string? ContentType { get; }

    public IEnumerable<string> Names => (_json?.Names ?? []).Concat(_text?.Names ?? []);

    public static BodyTemplate? Read(SettingNode? node, TemplatePlace place, TemplateNames names, SettingMistakes mistakes)
    {
        switch (node)
        {
            case null:
                return null;
            case { Kind: SettingNodeKind.Text, Text: "none" }:
                return None;
            case { Kind: SettingNodeKind.Text, Text: "challenge" } when place != TemplatePlace.Recipe:
                return Challenge;
            case { Kind: SettingNodeKind.Object }:
                SettingReader reader = new(node, mistakes);
                SettingNode? json = reader.Member("json")?.Parsed(mistakes), text = reader.Member("text");
                if (json is null == text is null) mistakes.Add(node, "either 'json' or 'text' is expected");
                if (text is { Kind: not SettingNodeKind.Text }) mistakes.Add(text, "a text is expected");
                string? contentType = reader.Text("contentType");
                reader.End();
                return json is not null
                    ? new BodyTemplate(JsonTemplate.Read(json, place, names, mistakes), null, contentType ?? "application/json")
                    : new BodyTemplate(null, text is null ? TextTemplate.Empty : ValueTemplate.ReadTemplate(text, place, names, mistakes), contentType ?? "application/x-www-form-urlencoded");
            default:
                mistakes.Add(node, place == TemplatePlace.Recipe ? "'none', or an object with 'json' or 'text', is expected" : "'challenge', 'none', or an object with 'json' or 'text' is expected");
                return null;
        }
    }

    /// <summary>JSON.</summary>
    public static BodyTemplate Of(JsonTemplate json) => new(json, null, "application/json");

    /// <summary>A text of the media type that the challenge has.</summary>
    public static BodyTemplate Of(TextTemplate text) => new(null, text, null);

    /// <summary>Whether the challenge is in it.</summary>
    public bool HasChallenge => this == Challenge || Names.Contains(TemplateNames.Challenge);

    /// <summary>Writes the body; the two that need no writing are the caller's.</summary>
    public async ValueTask WriteAsync(ITemplateValues values, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (_json is not null) await _json.WriteAsync(values, destination, cancellationToken).ConfigureAwait(false);
        else if (_text is not null) await ValueTemplate.TryWriteAsync(_text, ValueEncoding.Raw, false, values, destination, cancellationToken).ConfigureAwait(false);
    }
}
