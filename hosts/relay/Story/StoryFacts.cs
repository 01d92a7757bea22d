using Keyway.Content;
using Keyway.Protection;
using Keyway.Relay.Endpoints;

namespace Keyway.Relay.Story;

/// <summary>Tells what was found in content, when it has been opened.</summary>
internal static class StoryFacts
{
    // A manifest may have thousands; the page of facts has all.
    private const int MostConflicts = 50;

    /// <param name="story">Where to.</param>
    /// <param name="facts">What was found.</param>
    /// <param name="provider">The provider that licences are asked of; <see langword="null"/>: none is.</param>
    public static void Tell(StoryLog story, ContentFacts facts, string? provider)
    {
        foreach (ProtectionConflict conflict in facts.Protection.Conflicts.Take(MostConflicts))
        {
            story.Add("conflict", conflict.Text, json =>
            {
                json.WriteString("conflict", FactsEndpoints.Word(conflict.Kind.ToString()));
                json.WriteTexts("places", conflict.Sources.Select(static source => source.Path));
            }, StoryLevel.Warn);
        }

        if (facts.Protection.IsProtected)
        {
            string chosen = facts.KeySystem.Chosen?.Name ?? "none";
            story.Add("keySystem", facts.KeySystem.Chosen is null ? "no configured key system opens it" : $"{chosen}: {facts.KeySystem.Reason}", json =>
            {
                json.WriteString("chosen", chosen);
                json.WriteString("reason", facts.KeySystem.Reason);
                if (provider is not null) json.WriteString("provider", provider);
                json.WriteStartArray("others");
                foreach (KeySystemRejection other in facts.KeySystem.Others)
                {
                    json.WriteStartObject();
                    json.WriteString("name", other.Name);
                    json.WriteString("reason", other.Reason);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }, facts.KeySystem.Chosen is null ? StoryLevel.Warn : StoryLevel.Info);
        }

        foreach (string note in facts.Notes) story.Add("note", note, level: StoryLevel.Warn);
    }
}
