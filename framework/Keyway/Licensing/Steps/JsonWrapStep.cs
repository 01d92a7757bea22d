using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>How the challenge stands in JSON.</summary>
internal enum JsonBytes
{
    Base64 = 0,
    Base64Url,

    /// <summary>An array of numbers, one a byte.</summary>
    Numbers,
}

/// <summary>
/// <c>json.wrap</c>: puts the challenge into a JSON object. Settings: <c>Member</c> (a dotted path), <c>Encode</c> (Base64, Base64Url, Numbers),
/// <c>Members</c> (further members by dotted path: templates or secrets).
/// </summary>
internal sealed class JsonWrapStep : LicenseRequestDecorator
{
    private readonly string _member;
    private readonly JsonBytes _encode;
    private readonly (string Path, StepValue Value)[] _members;

    public JsonWrapStep(IConfigurationSection section, StepContext context)
    {
        StepSettings settings = new(section, "Member", "Encode", "Members");
        _member = settings.Required("Member");
        _encode = settings.Choice("Encode", JsonBytes.Base64);
        List<(string, StepValue)> members = [];
        foreach ((string path, string text) in settings.Map("Members"))
        {
            if (StepValue.TryParse(text, context.Secrets, out StepValue value, out string? reason)) members.Add((path, value));
            else settings.Wrong(ConfigurationPath.Combine("Members", path), reason);
        }

        string[] paths = [.. members.Select(static member => member.Item1), _member];
        foreach (string path in paths)
        {
            if (path.Split('.').Any(static name => name.Length == 0)) settings.Wrong("Member", "a name in the path is empty");
            if (paths.Any(other => other.StartsWith(path + ".", StringComparison.Ordinal)))
                settings.Wrong("Member", $"'{path}' is both a value and an object");
        }

        _members = [.. members];
        settings.Check();
    }

    public override async ValueTask DecorateAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        Node root = new();
        foreach ((string path, StepValue value) in _members)
            root.At(path).Text = await value.ResolveAsync(exchange, cancellationToken).ConfigureAwait(false);
        root.At(_member).IsChallenge = true;

        SecretBuffer json = ExchangeRun.BufferFor(exchange);
        using (Utf8JsonWriter writer = new(json)) Write(writer, root, exchange.Body);
        exchange.Body = new ReadOnlySequence<byte>(json.Written);
        exchange.Request = exchange.Request with { ContentType = "application/json" };
    }

    private void Write(Utf8JsonWriter writer, Node node, ReadOnlySequence<byte> challenge)
    {
        if (node.IsChallenge) WriteChallenge(writer, challenge);
        else if (node.Text is not null) writer.WriteStringValue(node.Text);
        else
        {
            writer.WriteStartObject();
            foreach ((string name, Node child) in node.Children)
            {
                writer.WritePropertyName(name);
                Write(writer, child, challenge);
            }

            writer.WriteEndObject();
        }
    }

    private void WriteChallenge(Utf8JsonWriter writer, ReadOnlySequence<byte> challenge)
    {
        int length = checked((int)challenge.Length);
        using SecretBuffer raw = new();
        using SecretBuffer text = new();
        challenge.CopyTo(raw.GetSpan(length));
        raw.Advance(length);
        switch (_encode)
        {
            case JsonBytes.Numbers:
                writer.WriteStartArray();
                foreach (byte b in raw.Written.Span) writer.WriteNumberValue(b);
                writer.WriteEndArray();
                break;
            case JsonBytes.Base64Url:
                text.Advance(Base64Url.EncodeToUtf8(raw.Written.Span, text.GetSpan(Base64Url.GetEncodedLength(length))));
                writer.WriteStringValue(text.Written.Span);
                break;
            default:
                writer.WriteBase64StringValue(raw.Written.Span);
                break;
        }
    }

    private sealed class Node
    {
        public List<(string Name, Node Child)> Children { get; } = [];

        public string? Text { get; set; }

        public bool IsChallenge { get; set; }

        public Node At(string path)
        {
            Node node = this;
            foreach (string name in path.Split('.'))
            {
                int index = node.Children.FindIndex(child => child.Name == name);
                if (index < 0)
                {
                    node.Children.Add((name, new Node()));
                    index = node.Children.Count - 1;
                }

                node = node.Children[index].Child;
            }

            return node;
        }
    }
}
