using System.Text.Json;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Templates;
using Keyway.Licensing.Tokens;

namespace Keyway.Licensing.Packs;

/// <summary>
/// A licence service as data: where it is, what its requests carry and where, how a licence stands in its answers, and how it refuses. A host names
/// one in configuration (<c>Keyway:Providers:NAME:Pack</c>), sets its parameters, and it becomes a pipeline. <c>docs/providers.md</c> has the format.
/// </summary>
/// <remarks>Threads: any; nothing of it changes.</remarks>
public sealed class ProviderPack
{
    /// <summary>The longest pack that is read, in bytes.</summary>
    public const int MaximumLength = 256 * 1024;

    private ProviderPack(string origin) => Origin = origin;

    /// <summary>Its name.</summary>
    public string Name { get; private init; } = "";

    /// <summary>What it is for, for people.</summary>
    public string Title { get; private init; } = "";

    /// <summary>Where it came from: a file, or <c>built in</c>.</summary>
    public string Origin { get; }

    /// <summary>The documents that its facts are from.</summary>
    public IReadOnlyList<string> Sources { get; private init; } = [];

    /// <summary>What it was tried against.</summary>
    public string Tested { get; private init; } = "";

    /// <summary>What a reader of the pack should know.</summary>
    public string? Notes { get; private init; }

    /// <summary>What it leaves to its users.</summary>
    public IReadOnlyList<PackParameter> Parameters { get; private init; } = [];

    /// <summary>The key systems that it serves, by name.</summary>
    public IReadOnlyList<string> KeySystems { get; private init; } = [];

    /// <summary>The names of what templates in it may use.</summary>
    internal TemplateNames Names { get; private init; } = new([]);

    private SettingNode Root { get; init; } = SettingNode.OfMembers("", []);

    /// <summary>Reads a pack.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="origin">Where it came from, for messages: a file's name.</param>
    /// <returns>The pack.</returns>
    /// <exception cref="SettingsException">Something is wrong; every mistake is reported, each with its JSON path.</exception>
    public static ProviderPack Read(ReadOnlyMemory<byte> json, string origin)
    {
        ArgumentException.ThrowIfNullOrEmpty(origin);
        SettingMistakes mistakes = new();
        if (json.Length > MaximumLength) throw new SettingsException(origin, $"longer than {MaximumLength} bytes");
        try
        {
            if (json.Span.StartsWith("\uFEFF"u8)) json = json[3..];
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            ProviderPack pack = Read(SettingNode.Of(document.RootElement, $"{origin}: $", mistakes), origin, mistakes);
            mistakes.Check();
            return pack;
        }
        catch (InvalidOperationException)
        {
            throw new SettingsException(origin, "not JSON: a text in it is not UTF-8, or has half a surrogate pair");
        }
        catch (JsonException exception)
        {
            throw new SettingsException(origin, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"not JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"));
        }
    }

    /// <summary>Finds what configuration names: a built-in pack, or a file.</summary>
    /// <param name="name">The name of a built-in pack; or a path, which ends in <c>.json</c> or has a separator in it.</param>
    /// <param name="folder">Where relative paths start.</param>
    /// <returns>The pack.</returns>
    /// <exception cref="SettingsException">There is none, or something is wrong with it.</exception>
    public static ProviderPack Load(string name, string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!IsFile(name))
        {
            return BuiltInPacks.Find(name) ??
                throw new SettingsException("Pack", $"there is no built-in pack '{name}' (there are {string.Join(", ", BuiltInPacks.Names)}); a file's name ends in .json");
        }

        string path = Path.GetFullPath(name, folder);
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) throw new SettingsException(name, $"there is no file {path}");
            if (file.Length > MaximumLength) throw new SettingsException(name, $"longer than {MaximumLength} bytes");
            return Read(File.ReadAllBytes(path), Path.GetFileName(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(name, $"{path} cannot be read ({exception.GetType().Name})");
        }
    }

    /// <summary>The names of the secrets that it refers to itself.</summary>
    public IReadOnlyList<string> SecretReferences { get; private init; } = [];

    /// <summary>What a step of a pipeline says that stands for a part of the pack.</summary>
    /// <param name="name">The step's name.</param>
    internal SettingNode Step(string name) => PackStep.All.Single(step => step.Name == name).Of(Root);

    /// <summary>What the step <c>token</c> says; <see langword="null"/>: the pack carries none.</summary>
    /// <param name="over">The provider's <c>Token</c>, whose members take the place of the pack's.</param>
    /// <param name="named">Whether a template names the token.</param>
    /// <param name="mistakes">Where mistakes go.</param>
    internal SettingNode? TokenStep(SettingNode over, bool named, SettingMistakes mistakes)
    {
        SettingNode? own = Root.Find(LicenseSteps.Token);
        if (own is null && !named)
        {
            if (over.Kind != SettingNodeKind.Null) mistakes.Add(over, $"the pack '{Name}' carries no token");
            return null;
        }

        if (over.Kind is not (SettingNodeKind.Null or SettingNodeKind.Object)) mistakes.Add(over, "an object is expected");
        SettingNode node = own is null ? over : over.Kind == SettingNodeKind.Object ? own.With(over) : own;
        // Where it goes, templates say.
        return node.With([("placement", SettingNode.OfText(node.Path, "None"))]);
    }

    private static bool IsFile(string name) => name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || name.AsSpan().ContainsAny('/', '\\');

    private static ProviderPack Read(SettingNode root, string origin, SettingMistakes mistakes)
    {
        SettingReader reader = new(root, mistakes);
        reader.Member("$schema");
        PackParameter[] parameters = [.. reader.Entries("parameters").Select(entry => PackParameter.Read(entry.Name, entry.Node, mistakes))];
        TemplateNames names = new(parameters);
        reader.Object("request");
        string[] systems = [.. reader.Entries("keySystems").Select(static entry => entry.Name)];
        foreach ((_, SettingNode node) in reader.Entries("keySystems").Prepend(("", reader.Member("request") ?? SettingNode.OfMembers("", [])))) PackStep.CheckMembers(node, mistakes);
        if (reader.Member("keySystems") is null) reader.Missing("keySystems");
        else if (systems.Length == 0) mistakes.Add(reader.Member("keySystems")!, "which key systems does it serve?");

        // What its steps would say of it, as far as that needs no settings of a host.
        TemplateScope scope = TemplateScope.ForPreview();
        scope.Names = names;
        foreach (PackStep step in PackStep.All)
        {
            SettingReader inner = new(step.Of(root), mistakes);
            StepBindings.Read(inner, step.Kind, scope);
            if (step.Kind != StepKind.Request) continue;
            RequestStep.ReadUrlFrom(inner);
            _ = RequestStep.ReadOrigins(inner);
            inner.Texts("redact");
        }

        foreach (string member in (string[])["urlFrom", "origins", "redact"]) reader.Member(member);
        if (reader.Member("token") is { } token) TokenSettings.Read(token, names, mistakes);
        ProviderPack pack = new(origin)
        {
            Name = ReadName(reader),
            Title = reader.Text("title") ?? "",
            Sources = [.. reader.Texts("source").Select(static source => source.Text!)],
            Tested = reader.Required("tested"),
            Notes = reader.Text("notes"),
            Parameters = parameters,
            KeySystems = systems,
            Root = root,
            Names = names,
            SecretReferences = [.. References(root).Distinct(StringComparer.Ordinal)],
        };
        if (reader.Member("source") is null) reader.Missing("source");
        reader.End();
        return pack;
    }

    private static string ReadName(SettingReader reader)
    {
        string name = reader.Required("name");
        if (name.Length > 0 && !name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'))
            reader.Mistakes.Add(reader.Member("name")!, "a name is lower-case letters, digits, dashes and dots");
        return name;
    }

    private static IEnumerable<string> References(SettingNode node) =>
        SecretText.IsReference(node.Text)
            ? [node.Text![SecretText.Prefix.Length..]]
            : node.Items.SelectMany(References);
}
