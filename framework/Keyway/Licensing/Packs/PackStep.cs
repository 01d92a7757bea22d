using Keyway.Licensing.Configuration;
using Keyway.Licensing.Steps;

namespace Keyway.Licensing.Packs;

/// <summary>
/// A step that a part of a pack is written for. A pack says of each key system and kind of challenge all that is to be done; a step says one thing of all of
/// them. So a step is the pack with the members of that thing and no others, under the step's names for them.
/// </summary>
/// <param name="Name">The step's name.</param>
/// <param name="Kind">Which it is.</param>
/// <param name="Root">Its members that stand at the top of a pack.</param>
/// <param name="Members">Its members that stand in a layer of a pack, each with the step's name for it.</param>
internal sealed record PackStep(string Name, StepKind Kind, IReadOnlyList<string> Root, IReadOnlyList<(string InPack, string InStep)> Members)
{
    private const string KeySystems = "keySystems";
    private const string Kinds = "kinds";

    public static IReadOnlyList<PackStep> All { get; } =
    [
        new(LicenseSteps.CustomData, StepKind.CustomData, [], [("customData", "value")]),
        new(LicenseSteps.Request, StepKind.Request, ["urlFrom", "origins", "redact"], [.. ((string[])["url", "method", "contentType", "headers", "query", "body"]).Select(static name => (name, name))]),
        new(LicenseSteps.Response, StepKind.Response, [], [("response", "operations")]),
        new(LicenseSteps.Errors, StepKind.Errors, [], [("errors", "probes")]),
    ];

    private static string[] Known { get; } = [.. All.SelectMany(static step => step.Members).Select(static member => member.InPack), Kinds];

    /// <summary>Names the members of a layer of a pack that no step has.</summary>
    public static void CheckMembers(SettingNode layer, SettingMistakes mistakes)
    {
        SettingReader reader = new(layer, mistakes);
        foreach (string name in Known) reader.Member(name);
        reader.End();
        if (layer.Kind != SettingNodeKind.Object || layer.Find(Kinds) is not { Kind: SettingNodeKind.Object } kinds) return;
        foreach ((_, SettingNode kind) in kinds.Members)
        {
            SettingReader inner = new(kind, mistakes);
            foreach (string name in Known.SkipLast(1)) inner.Member(name);
            inner.End();
        }
    }

    /// <summary>What the step says.</summary>
    /// <param name="pack">The pack.</param>
    public SettingNode Of(SettingNode pack)
    {
        List<(string, SettingNode)> members = [];
        foreach (string name in Root)
            if (pack.Find(name) is { } member) members.Add((name, member));
        // A pack always says where its requests go.
        if (Kind == StepKind.Request && pack.Find("urlFrom") is null)
            members.Add(("urlFrom", SettingNode.OfList(pack.Path, [.. Enum.GetNames<UrlSource>().Select(name => SettingNode.OfText(pack.Path, name.ToLowerInvariant()))])));
        if (pack.Find("request") is { } common) members.AddRange(Layer(common).Members);
        if (pack.Find(KeySystems) is { Kind: SettingNodeKind.Object } systems)
            members.Add((KeySystems, SettingNode.OfMembers(systems.Path, [.. systems.Members.Select(system => (system.Name, Layer(system.Node)))])));
        return SettingNode.OfMembers(pack.Path, members);
    }

    private SettingNode Layer(SettingNode layer)
    {
        List<(string, SettingNode)> members = [];
        foreach ((string inPack, string inStep) in Members)
            if (layer.Find(inPack) is { } member) members.Add((inStep, member));
        if (layer.Find(Kinds) is { } kinds)
            members.Add((Kinds, kinds.Kind == SettingNodeKind.Object ? SettingNode.OfMembers(kinds.Path, [.. kinds.Members.Select(kind => (kind.Name, Layer(kind.Node)))]) : kinds));
        return SettingNode.OfMembers(layer.Path, members);
    }
}
