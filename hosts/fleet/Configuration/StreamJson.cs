using System.Text.Json;
using Keyway.Fleet.Grains;
using Keyway.Hosting.Configuration;
using Keyway.Licensing.Configuration;

namespace Keyway.Fleet.Configuration;

/// <summary>Reads streams from JSON, of a file or of a request, with the place of every mistake.</summary>
internal static class StreamJson
{
    private static readonly string[] Members =
    [
        "name", "address", "provider", "keySystem", "licenseUrl", "scope", "periodSeconds", "decryptEverySeconds", "headers",
    ];

    /// <summary>Reads an object of streams by name, or a list of streams with their names.</summary>
    public static void ReadMany(JsonElement root, string path, StreamRules rules, List<StreamSpec> streams, List<SettingError> errors)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        switch (root.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in root.EnumerateObject()) Add(member.Value, member.Name, $"{path}: {Short(member.Name)}");
                break;
            case JsonValueKind.Array:
                int i = 0;
                foreach (JsonElement item in root.EnumerateArray()) Add(item, null, $"{path}: {i++}");
                break;
            default:
                errors.Add(new SettingError(path, "an object of streams by name is expected, or a list of them"));
                break;
        }

        void Add(JsonElement element, string? name, string place)
        {
            if (Read(element, name, place, rules, errors) is not { } spec) return;
            if (!names.Add(spec.Name)) errors.Add(new SettingError(place, "a stream of this name stands here twice"));
            else if (streams.Count < FleetLimits.Streams) streams.Add(spec);
            else if (streams.Count == FleetLimits.Streams) errors.Add(new SettingError(place, $"more than {FleetLimits.Streams} streams"));
        }
    }

    /// <summary>Reads one stream.</summary>
    /// <param name="element">The object.</param>
    /// <param name="name">Its name, where that stands outside.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="rules">What it may say.</param>
    /// <param name="errors">Where mistakes go.</param>
    /// <returns>It; <see langword="null"/>: something is wrong with it.</returns>
    public static StreamSpec? Read(JsonElement element, string? name, string path, StreamRules rules, List<SettingError> errors)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            errors.Add(new SettingError(path, "an object is expected"));
            return null;
        }

        int before = errors.Count;
        foreach (JsonProperty member in element.EnumerateObject())
            if (!Members.Contains(member.Name, StringComparer.OrdinalIgnoreCase)) errors.Add(new SettingError($"{path}:{Short(member.Name)}", $"there is no such member (there are {string.Join(", ", Members)}){Spelling.Question(member.Name, Members)}"));
        string? own = Text("name");
        if (name is not null && own is not null && own != name) errors.Add(new SettingError($"{path}:name", "another name than where it stands"));
        StreamSpec spec = new()
        {
            Name = name ?? own ?? "",
            Address = Text("address") ?? "",
            Provider = Text("provider"),
            KeySystem = Text("keySystem"),
            LicenseUrl = Text("licenseUrl"),
            Scope = Text("scope") ?? "fleet",
            PeriodSeconds = Number("periodSeconds"),
            DecryptEverySeconds = Number("decryptEverySeconds"),
            Headers = Headers(),
        };
        if (errors.Count > before) return null;
        errors.AddRange(rules.Check(spec, path));
        return errors.Count > before ? null : spec;

        JsonElement? Find(string wanted)
        {
            foreach (JsonProperty member in element.EnumerateObject())
                if (member.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase)) return member.Value.ValueKind == JsonValueKind.Null ? null : member.Value;
            return null;
        }

        string? Text(string member)
        {
            if (Find(member) is not { } value) return null;
            if (value.ValueKind == JsonValueKind.String) return value.GetString();
            errors.Add(new SettingError($"{path}:{member}", "a text is expected"));
            return null;
        }

        int? Number(string member)
        {
            if (Find(member) is not { } value) return null;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)) return number;
            errors.Add(new SettingError($"{path}:{member}", "a whole number is expected"));
            return null;
        }

        Dictionary<string, string> Headers()
        {
            Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
            if (Find("headers") is not { } value) return headers;
            if (value.ValueKind != JsonValueKind.Object) errors.Add(new SettingError($"{path}:headers", "an object is expected"));
            else
            {
                foreach (JsonProperty header in value.EnumerateObject())
                {
                    if (header.Value.ValueKind == JsonValueKind.String) headers[header.Name] = header.Value.GetString()!;
                    else errors.Add(new SettingError($"{path}:headers:{Short(header.Name)}", "a text is expected"));
                }
            }

            return headers;
        }
    }

    private static string Short(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
