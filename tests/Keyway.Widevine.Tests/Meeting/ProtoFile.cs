using System.Globalization;
using System.Text.RegularExpressions;

namespace Keyway.Widevine.Meeting;

/// <summary>A proto2 file as text, read no further than needed to compare two of them: messages and enumerations with their members.</summary>
internal sealed partial class ProtoFile
{
    private readonly Queue<string> _tokens;

    private ProtoFile(string text) => _tokens = new Queue<string>(Token().Matches(Comment().Replace(text, "")).Select(match => match.Value));

    /// <summary>Messages by full name.</summary>
    public Dictionary<string, Dictionary<int, ProtoField>> Messages { get; } = [];

    /// <summary>Enumerations by full name.</summary>
    public Dictionary<string, SortedDictionary<int, string>> Enumerations { get; } = [];

    private readonly Dictionary<string, string> _first = [];

    /// <summary>The value of an enumeration that stands first: what an absent field is (proto2).</summary>
    public string First(string enumeration) => _first[enumeration];

    public static ProtoFile Read(string text)
    {
        ProtoFile file = new(text);
        while (file._tokens.Count > 0)
        {
            switch (file.Next())
            {
                case "message":
                    file.Message("");
                    break;
                case "enum":
                    file.Enumeration("");
                    break;
                default:
                    file.Skip();
                    break;
            }
        }

        return file;
    }

    /// <summary>Finds what a type's name means inside a message: looked for from the inside outwards.</summary>
    public string? Resolve(string scope, string type)
    {
        for (string at = scope; at.Length > 0; at = at[..Math.Max(at.LastIndexOf('.'), 0)])
            if (Known($"{at}.{type}")) return $"{at}.{type}";
        return Known(type) ? type : null;

        bool Known(string full) => Messages.ContainsKey(full) || Enumerations.ContainsKey(full);
    }

    private void Message(string scope)
    {
        string name = scope.Length == 0 ? Next() : $"{scope}.{Next()}";
        Dictionary<int, ProtoField> fields = Messages[name] = [];
        Expect("{");
        Members(name, fields);
    }

    private void Members(string name, Dictionary<int, ProtoField> fields)
    {
        while (true)
        {
            string word = Next();
            switch (word)
            {
                case "}":
                    return;
                case "message":
                    Message(name);
                    break;
                case "enum":
                    Enumeration(name);
                    break;
                case "oneof":
                    Next();
                    Expect("{");
                    Members(name, fields);
                    break;
                case "reserved" or "option":
                    Skip();
                    break;
                default:
                    Field(word, fields);
                    break;
            }
        }
    }

    private void Field(string word, Dictionary<int, ProtoField> fields)
    {
        // In a oneof a field has no label; it is optional like the others.
        string label = word is "optional" or "required" or "repeated" ? word : "optional";
        string type = label == word ? Next() : word;
        string name = Next();
        Expect("=");
        int number = int.Parse(Next(), CultureInfo.InvariantCulture);
        fields.Add(number, new ProtoField(name, type, label, string.Join(' ', Skip())));
    }

    private void Enumeration(string scope)
    {
        string name = scope.Length == 0 ? Next() : $"{scope}.{Next()}";
        SortedDictionary<int, string> values = Enumerations[name] = [];
        Expect("{");
        for (string value = Next(); value != "}"; value = Next())
        {
            Expect("=");
            int number = int.Parse(Next(), CultureInfo.InvariantCulture);
            _first.TryAdd(name, number.ToString(CultureInfo.InvariantCulture));
            values.TryAdd(number, value);
            Skip();
        }
    }

    private List<string> Skip()
    {
        List<string> skipped = [];
        for (string word = Next(); word != ";"; word = Next()) skipped.Add(word);
        return skipped;
    }

    private string Next() => _tokens.Dequeue();

    private void Expect(string token) => Next().Should().Be(token);

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"""[^""]*""|-?[\w.]+|[^\s\w]")]
    private static partial Regex Token();
}

/// <summary>One field: its options are what stands in brackets behind it.</summary>
internal sealed record ProtoField(string Name, string Type, string Label, string Options);
