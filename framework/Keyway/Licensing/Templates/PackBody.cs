using System.Buffers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;

namespace Keyway.Licensing.Templates;

/// <summary>
/// A body. In a pack: <c>"challenge"</c> (the challenge itself), <c>"none"</c>, or an object <c>{ "json": … }</c> or <c>{ "text": "…" }</c>, with
/// <c>contentType</c> where it is not the usual one.
/// </summary>
internal sealed class PackBody
{
    private readonly PackJson? _json;
    private readonly TextTemplate? _text;

    private PackBody(PackJson? json, TextTemplate? text, string? contentType) => (_json, _text, ContentType) = (json, text, contentType);

    /// <summary>The challenge itself.</summary>
    public static PackBody Challenge { get; } = new(null, null, null);

    /// <summary>Nothing.</summary>
    public static PackBody None { get; } = new(null, null, null);

    /// <summary>The media type; <see langword="null"/>: what it was.</summary>
    public string? ContentType { get; }

    public IEnumerable<string> Names => (_json?.Names ?? []).Concat(_text?.Names ?? []);

    public static PackBody? Read(PackNode? node, PackPlace place, PackNames names, PackMistakes mistakes)
    {
        switch (node)
        {
            case null:
                return null;
            case { Kind: PackNodeKind.Text, Text: "none" }:
                return None;
            case { Kind: PackNodeKind.Text, Text: "challenge" } when place != PackPlace.Recipe:
                return Challenge;
            case { Kind: PackNodeKind.Object }:
                PackReader reader = new(node, mistakes);
                PackNode? json = reader.Member("json"), text = reader.Member("text");
                if (json is null == text is null) mistakes.Add(node, "either 'json' or 'text' is expected");
                if (text is { Kind: not PackNodeKind.Text }) mistakes.Add(text, "a text is expected");
                string? contentType = reader.Text("contentType");
                reader.End();
                return json is not null
                    ? new PackBody(PackJson.Read(json, place, names, mistakes), null, contentType ?? "application/json")
                    : new PackBody(null, text is null ? TextTemplate.Empty : PackValue.ReadTemplate(text, place, names, mistakes), contentType ?? "application/x-www-form-urlencoded");
            default:
                mistakes.Add(node, place == PackPlace.Recipe ? "'none', or an object with 'json' or 'text', is expected" : "'challenge', 'none', or an object with 'json' or 'text' is expected");
                return null;
        }
    }

    /// <summary>Writes the body; the two that need no writing are the caller's.</summary>
    public async ValueTask WriteAsync(ITemplateValues values, IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        if (_json is not null) await _json.WriteAsync(values, destination, cancellationToken).ConfigureAwait(false);
        else if (_text is not null) await PackValue.TryWriteAsync(_text, ValueEncoding.Raw, false, values, destination, cancellationToken).ConfigureAwait(false);
    }
}
