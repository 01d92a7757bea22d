using Keyway.Content;
using Keyway.KeyFiles;
using Keyway.Protection;
using Keyway.Timeline;

namespace Keyway;

/// <summary>Which of the chosen tracks of a presentation need a key system, beside those whose keys are files at an address and those whose keys the caller holds.</summary>
/// <param name="NeedsKeySystem">Whether there is a track that nothing else opens.</param>
/// <param name="MayHaveKeySystem">Whether there is one that a key system may open.</param>
/// <param name="HasKeyFiles">Whether there is one that key files open, or may open.</param>
internal sealed record KeyFileChoice(bool NeedsKeySystem, bool MayHaveKeySystem, bool HasKeyFiles)
{
    /// <summary>Looks at what the manifest says of the chosen tracks.</summary>
    public static KeyFileChoice Of(OpenedContent content, PresentationOptions options)
    {
        bool isWished = options.KeySystem is not null, isIdentity = KeyFileSystem.Name.Equals(options.KeySystem, StringComparison.OrdinalIgnoreCase);
        bool needs = false, may = false, files = false;
        int index = -1;
        foreach (ContentTrack track in content.Tracks)
        {
            index++;
            if (!track.IsChosen) break;
            RenditionProtection[] said = [.. content.RenditionsOf(index).SelectMany(static rendition => rendition.Protection)];
            bool hasFile = Array.Exists(said, static each => each.System == SystemIds.KeyFile), hasOther = Array.Exists(said, static each => each.System is { } system && system != SystemIds.KeyFile);
            files |= hasFile;
            // What is encrypted as a whole may be clear within, and no key system opens the whole.
            bool isProtected = hasFile ? track.File?.IsProtected ?? Array.Exists(said, static each => each.IsStatement) : track.IsProtected;
            if (!isProtected || (track.KeyIds.Count > 0 && options.Keys?.HasAll(track.KeyIds) == true)) continue;
            // A key system that the caller wants is wanted for everything that one could open.
            needs |= !hasFile || (isWished && !isIdentity);
            may |= !hasFile || (hasOther && !isIdentity);
        }

        return new KeyFileChoice(needs, needs || may, files);
    }

    /// <summary>Leaves out a key system that content says nothing of, where key files open everything; and says so, where a key system is named for them.</summary>
    /// <param name="selection">What was chosen.</param>
    /// <param name="map">What the content says.</param>
    /// <param name="system">The key system of key files, to be named where it is the only one.</param>
    public KeySystemSelection Restrict(KeySystemSelection selection, ProtectionMap map, KeyFileSystem? system)
    {
        if (NeedsKeySystem || !HasKeyFiles) return selection;
        if (selection.Chosen?.Descriptor is { } descriptor && !map.Systems.Any(descriptor.Systems.Contains))
            selection = new KeySystemSelection { Others = [.. selection.Others, new KeySystemRejection(selection.Chosen.Name, "the playlists have key files, and nothing for it")] };
        return selection.Chosen is null && system is not null
            ? selection with { Chosen = KeySystemCandidate.Of(KeyFileSystem.Name, int.MaxValue, system), Reason = "the playlists say at which addresses the keys are" }
            : selection;
    }
}
