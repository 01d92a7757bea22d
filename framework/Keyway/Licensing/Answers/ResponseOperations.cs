using System.Buffers;
using System.Text;
using System.Text.Json;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;

namespace Keyway.Licensing.Answers;

/// <summary>
/// How a licence is taken out of an answer: operations, one after the other. <c>"base64"</c>, <c>"hex"</c>, <c>"decimal"</c> decode;
/// <c>{ "json": "path" }</c> and <c>{ "xml": "path" }</c> take a member; <c>{ "if": "json", "then": […], "else": […] }</c> looks first.
/// </summary>
internal sealed class ResponseOperations
{
    private readonly Operation[] _operations;

    private ResponseOperations(Operation[] operations) => _operations = operations;

    public static ResponseOperations? Read(SettingNode? node, SettingMistakes mistakes)
    {
        if (node is null) return null;
        // What configuration makes of an empty list.
        if (node.IsOfConfiguration && node is { Kind: SettingNodeKind.Null } or { Kind: SettingNodeKind.Text, Text: "" }) return new ResponseOperations([]);
        if (node.Kind == SettingNodeKind.List) return new ResponseOperations([.. node.Items.Select(item => Operation.Read(item, mistakes)).OfType<Operation>()]);
        mistakes.Add(node, "a list of operations is expected");
        return null;
    }

    /// <summary>The licence is in base64.</summary>
    public static ResponseOperations OfBase64 { get; } = new([new Operation("base64", null, default, null)]);

    /// <summary>The licence is a member of JSON.</summary>
    /// <param name="path">The member's path.</param>
    /// <param name="numbers">Whether it is a list of numbers, and not base64.</param>
    public static ResponseOperations OfJson(string path, bool numbers) => new([new Operation("json", path, default, null), new Operation(numbers ? "decimal" : "base64", null, default, null)]);

    /// <summary>For people: <c>json license → base64</c>.</summary>
    public string Describe() => _operations.Length == 0 ? "as it is" : string.Join(" → ", _operations.Select(static operation => operation.Describe()));

    /// <summary>Takes the licence out.</summary>
    /// <param name="exchange">Whose buffers are cleared in the end.</param>
    /// <param name="body">The answer's body.</param>
    /// <param name="failure">What could not be done.</param>
    /// <returns>The licence.</returns>
    public ReadOnlySequence<byte>? Apply(LicenseExchange exchange, ReadOnlySequence<byte> body, out string? failure)
    {
        failure = null;
        foreach (Operation operation in _operations)
        {
            if (operation.Branches is { } branches)
            {
                ResponseOperations? branch = ContentSniffer.Sniff(body) == operation.Content ? branches.Then : branches.Else;
                if (branch is null) continue;
                if (branch.Apply(exchange, body, out failure) is not { } taken) return null;
                body = taken;
                continue;
            }

            SecretBuffer buffer = ExchangeRun.BufferFor(exchange);
            if (!operation.TryRun(body, buffer))
            {
                failure = $"the answer is not {operation.Expects}";
                return null;
            }

            body = new ReadOnlySequence<byte>(buffer.Written);
        }

        return body;
    }

    private sealed record Operation(string Name, string? Path, BodyContent Content, (ResponseOperations? Then, ResponseOperations? Else)? Branches)
    {
        public string Expects => Name switch
        {
            "json" => $"JSON with a licence in '{Path}'",
            "xml" => $"XML with a licence in '{Path}'",
            "decimal" => "a list of numbers from 0 to 255",
            _ => Name,
        };

        public static Operation? Read(SettingNode node, SettingMistakes mistakes)
        {
            if (node.Kind == SettingNodeKind.Text)
            {
                if (node.Text is "base64" or "hex" or "decimal") return new Operation(node.Text, null, default, null);
                mistakes.Add(node, "not one of base64, hex, decimal, or an object with 'json', 'xml' or 'if'");
                return null;
            }

            SettingReader reader = new(node, mistakes);
            string? json = reader.Text("json"), xml = reader.Text("xml");
            BodyContent? content = reader.Choice<BodyContent>("if");
            ResponseOperations? then = ResponseOperations.Read(reader.Member("then"), mistakes), otherwise = ResponseOperations.Read(reader.Member("else"), mistakes);
            reader.End();
            int said = (json is null ? 0 : 1) + (xml is null ? 0 : 1) + (reader.Member("if") is null ? 0 : 1);
            if (said != 1) mistakes.Add(node, "exactly one of 'json', 'xml' and 'if' is expected");
            if (content is not null && then is null && otherwise is null) mistakes.Add(node, "'if' without 'then' and 'else' does nothing");
            if (content is null && (then is not null || otherwise is not null)) mistakes.Add(node, "'then' and 'else' belong to 'if'");
            return content is { } sniffed ? new Operation("if", null, sniffed, (then, otherwise)) : new Operation(json is null ? "xml" : "json", json ?? xml ?? "", default, null);
        }

        public string Describe() => Branches is not { } branches
            ? Path is null ? Name : $"{Name} {Path}"
            : $"if {Content.ToString().ToLowerInvariant()} ({branches.Then?.Describe() ?? "as it is"}) else ({branches.Else?.Describe() ?? "as it is"})";

        public bool TryRun(ReadOnlySequence<byte> body, SecretBuffer destination)
        {
            switch (Name)
            {
                case "base64":
                    return body.Length > 0 && BodyText.TryDecodeBase64(body, destination);
                case "hex":
                    return TryHex(BodyPath.Bounded(body, int.MaxValue).Trim(), destination);
                case "decimal":
                    using (JsonDocument? numbers = BodyPath.TryParse(body)) return numbers is not null && BodyText.TryReadNumbers(numbers.RootElement, destination);
                case "json":
                    using (JsonDocument? document = BodyPath.TryParse(body)) return document is not null && BodyText.Find(document, Path!) is { } member && TryTake(member, destination);
                default:
                    if (BodyPath.FindXml(body, Path!) is not { } text) return false;
                    destination.Write(Encoding.UTF8.GetBytes(text));
                    return true;
            }
        }

        private static bool TryTake(JsonElement member, SecretBuffer destination)
        {
            if (member.ValueKind == JsonValueKind.String) BodyText.WriteText(member, destination);
            else if (member.ValueKind is JsonValueKind.Array or JsonValueKind.Object) destination.Write(Encoding.UTF8.GetBytes(member.GetRawText()));
            else return false;
            return true;
        }

        private static bool TryHex(string text, SecretBuffer destination)
        {
            if (text.Length == 0 || text.Length % 2 != 0 || !text.All(char.IsAsciiHexDigit)) return false;
            destination.Write(Convert.FromHexString(text));
            return true;
        }
    }
}
