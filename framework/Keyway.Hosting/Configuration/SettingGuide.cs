using System.Text.Json;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Hosting.Configuration;

/// <summary>What settings do and what counts without them, in the words of the schema that editors read: there is one description of a setting, and this is not another.</summary>
/// <param name="keyway">The section <c>Keyway</c>.</param>
internal sealed class SettingGuide(IConfigurationSection keyway) : IDisposable
{
    private const int Deepest = 32;     // references of the schema to itself, were there any

    private readonly JsonDocument _schema = Load();
    private readonly PluginSettingTexts _plugins = new(keyway);

    /// <summary>Says what a setting does.</summary>
    /// <param name="path">Its path, with the name of the section.</param>
    /// <returns>What it does, and its default; <see langword="null"/> each where nothing says it.</returns>
    public (string? Description, string? Default) Of(string path)
    {
        string[] names = path.Split(ConfigurationPath.KeyDelimiter);
        JsonElement node = Definition("keyway");
        string? description = null;
        for (int i = 1; i < names.Length; i++)
        {
            if (OwnerOf(names, i) is { } owner) return owner;
            if (Step(node, names, i) is not { } next) return (Above(description), null);
            description = Text(next, "description") ?? Text(Resolved(next), "description") ?? Above(description);
            if (i == names.Length - 1) return (description, Text(next, "default") ?? Text(Resolved(next), "default") ?? NameOf(names));
            node = Resolved(next);
        }

        return (description, null);
    }

    public void Dispose() => _schema.Dispose();

    // A part of what is described says it with the whole.
    private static string? Above(string? description) => description is null || description.StartsWith("a part of: ", StringComparison.Ordinal) ? description : $"a part of: {description}";

    private static JsonDocument Load()
    {
        using Stream schema = ConfigurationSchema.Open();
        return JsonDocument.Parse(schema);
    }

    private JsonElement Definition(string name) => _schema.RootElement.GetProperty("$defs").GetProperty(name);

    private JsonElement Resolved(JsonElement node)
    {
        for (int i = 0; i < Deepest && node.TryGetProperty("$ref", out JsonElement reference); i++) node = Definition(reference.GetString()!["#/$defs/".Length..]);
        return node;
    }

    private JsonElement? Step(JsonElement node, string[] names, int at)
    {
        // A step of a pipeline has the members of the step that it names.
        if (at > 1 && IsIndex(names[at - 1]) && names[at - 2].Equals("Pipeline", StringComparison.OrdinalIgnoreCase)
            && keyway[string.Join(ConfigurationPath.KeyDelimiter, names[1..at].Append("Use"))] is { } use
            && _schema.RootElement.GetProperty("$defs").TryGetProperty($"step.{use.ToLowerInvariant()}", out JsonElement step) && Member(step, names[at]) is { } own
            && !names[at].Equals("Use", StringComparison.OrdinalIgnoreCase))
            return own;
        if (Member(node, names[at]) is { } member) return member;
        if (IsIndex(names[at]) && node.TryGetProperty("items", out JsonElement items)) return items;
        return node.TryGetProperty("additionalProperties", out JsonElement any) && any.ValueKind == JsonValueKind.Object ? any : null;
    }

    private static JsonElement? Member(JsonElement node, string name)
    {
        if (!node.TryGetProperty("properties", out JsonElement properties)) return null;
        foreach (JsonProperty property in properties.EnumerateObject())
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return property.Value;
        return null;
    }

    // The one default that a schema cannot say: a key system is called as the plugin that brings it.
    private static string? NameOf(string[] names) =>
        names is [_, var kind, var name, var member] && kind.Equals("KeySystems", StringComparison.OrdinalIgnoreCase) && member.Equals("Plugin", StringComparison.OrdinalIgnoreCase) ? name : null;

    /// <summary>What the schema leaves to somebody else: settings that a plugin or a pack reads.</summary>
    private (string? Description, string? Default)? OwnerOf(string[] names, int at)
    {
        if (at == 4 && names is [_, var plugins, var allow, var id, var own, ..] && plugins.Equals("Plugins", StringComparison.OrdinalIgnoreCase) && allow.Equals("Allow", StringComparison.OrdinalIgnoreCase) && !SecretSettings.IsAllowMember(own))
            return OfPlugin(id, names.AsSpan(4));
        if (at != 3) return null;
        string kind = names[1].ToUpperInvariant(), member = names[3];
        if (kind == "KEYSYSTEMS" && member.Equals("Settings", StringComparison.OrdinalIgnoreCase) && names.Length > 4)
            return OfPlugin(keyway[$"KeySystems:{names[2]}:Plugin"] ?? names[2], names.AsSpan(4));
        if (kind != "PROVIDERS" || !member.Equals("Settings", StringComparison.OrdinalIgnoreCase) || names.Length < 5) return null;
        if (keyway[$"Providers:{names[2]}:Plugin"] is { } plugin) return OfPlugin(plugin, names.AsSpan(4));
        if (keyway[$"Providers:{names[2]}:Pack"] is not { } pack) return null;
        return ParameterOf(pack, names[4]) is { } parameter ? (parameter.Description, parameter.Default) : ($"a setting of the pack '{pack}'", null);
    }

    private (string? Description, string? Default) OfPlugin(string plugin, ReadOnlySpan<string> names) =>
        _plugins.Of(plugin, names) is { Description: not null } said ? said : ($"a setting that the plugin '{plugin}' reads by itself", null);

    private static PackParameter? ParameterOf(string pack, string name)
    {
        try
        {
            return ProviderPack.Load(pack, AppContext.BaseDirectory).Parameters.FirstOrDefault(parameter => parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        }
        catch (SettingsException)
        {
            // What is wrong with it is told by who uses it.
            return null;
        }
    }

    private static bool IsIndex(string name) => name.All(char.IsAsciiDigit);

    private static string? Text(JsonElement node, string name) => !node.TryGetProperty(name, out JsonElement value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };
}
