using System.Text.Json;
using System.Text.RegularExpressions;

namespace Keyway.Hosting.Configuration;

/// <summary>
/// As much of JSON Schema (draft 2020-12) as our schemas use. A keyword that it does not know throws, so that none is passed over.
/// </summary>
internal sealed class JsonSchema(JsonElement root)
{
    private static readonly string[] Annotations = ["$schema", "$defs", "title", "description", "default"];

    public static JsonSchema Load(string file) => new(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement);

    public static JsonSchema Read(ReadOnlyMemory<byte> text) => new(JsonDocument.Parse(text).RootElement);

    /// <summary>The places where a value is not as the schema has it.</summary>
    public IReadOnlyList<string> Check(JsonElement value)
    {
        List<string> errors = [];
        Check(root, value, "", errors);
        return errors;
    }

    private void Check(JsonElement schema, JsonElement value, string path, List<string> errors)
    {
        foreach (JsonProperty keyword in schema.EnumerateObject().Where(keyword => !Annotations.Contains(keyword.Name)))
        {
            bool good = keyword.Name switch
            {
                "$ref" => Follow(keyword.Value, value, path, errors),
                "type" => IsOf(keyword.Value.GetString()!, value),
                "enum" => keyword.Value.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)),
                "const" => JsonElement.DeepEquals(keyword.Value, value),
                "allOf" => keyword.Value.EnumerateArray().All(every => Follow(every, value, path, errors)),
                "if" => !Fits(keyword.Value, value) || Follow(schema.GetProperty("then"), value, path, errors),
                "then" => true,
                "anyOf" => keyword.Value.EnumerateArray().Any(any => Fits(any, value)),
                "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, keyword.Value.GetString()!),
                "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= keyword.Value.GetInt32(),
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= keyword.Value.GetDouble(),
                "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= keyword.Value.GetDouble(),
                "required" => value.ValueKind != JsonValueKind.Object || keyword.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
                "minProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Count() >= keyword.Value.GetInt32(),
                "propertyNames" => value.ValueKind != JsonValueKind.Object ||
                    value.EnumerateObject().All(member => Regex.IsMatch(member.Name, keyword.Value.GetProperty("pattern").GetString()!)),
                "properties" => Members(schema, value, path, errors),
                "additionalProperties" => keyword.Value.ValueKind == JsonValueKind.Object || schema.TryGetProperty("properties", out _)
                    ? Members(schema, value, path, errors) : throw new NotSupportedException(keyword.Name),
                "items" => Items(keyword.Value, value, path, errors),
                _ => throw new NotSupportedException($"keyword '{keyword.Name}'"),
            };
            if (!good) errors.Add($"{path}: {keyword.Name}");
        }
    }

    private bool Fits(JsonElement schema, JsonElement value)
    {
        List<string> errors = [];
        Check(schema, value, "", errors);
        return errors.Count == 0;
    }

    /// <summary>Checks against another schema: what is wrong is told there.</summary>
    private bool Follow(JsonElement reference, JsonElement value, string path, List<string> errors)
    {
        if (reference.ValueKind == JsonValueKind.Object)
        {
            Check(reference, value, path, errors);
            return true;
        }

        JsonElement target = root;
        foreach (string part in reference.GetString()!.Split('/').Skip(1)) target = target.GetProperty(part);
        Check(target, value, path, errors);
        return true;
    }

    private bool Members(JsonElement schema, JsonElement value, string path, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Object) return true;
        schema.TryGetProperty("properties", out JsonElement known);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string at = $"{path}/{member.Name}";
            if (known.ValueKind == JsonValueKind.Object && known.TryGetProperty(member.Name, out JsonElement rule)) Check(rule, member.Value, at, errors);
            else if (!schema.TryGetProperty("additionalProperties", out JsonElement rest)) continue;
            else if (rest.ValueKind == JsonValueKind.False) errors.Add($"{at}: additionalProperties");
            else Check(rest, member.Value, at, errors);
        }

        return true;
    }

    private bool Items(JsonElement rule, JsonElement value, string path, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Array) return true;
        foreach ((int index, JsonElement item) in value.EnumerateArray().Index()) Check(rule, item, $"{path}/{index}", errors);
        return true;
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => throw new NotSupportedException($"type '{type}'"),
    };
}
