using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Segments;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>Finds which variants are there in the place of others (RFC 8216, 6.2.4): all that is said of them is the same but their addresses, and those of the members of their groups.</summary>
internal static class RedundantStreams
{
    /// <summary>Leaves them out of what can be chosen, and has them asked where the first of each cannot be had.</summary>
    /// <param name="playlist">The playlist.</param>
    /// <param name="variants">Its variants, of one pathway.</param>
    /// <param name="loader">Is told.</param>
    /// <returns>The variants that are left, and the members of groups that are.</returns>
    public static (StreamTag[] Variants, IReadOnlyList<MediaTag> Media) Remove(MultivariantPlaylist playlist, StreamTag[] variants, HlsLoader loader)
    {
        Dictionary<Uri, List<Uri>> mirrors = [];
        HashSet<(MediaKind Kind, string Group)> replaced = [];
        HashSet<StreamTag> left = new(ReferenceEqualityComparer.Instance);
        // Many variants have the same groups.
        Dictionary<(MediaKind, string), string> described = [];
        foreach (IGrouping<string, StreamTag> alike in variants.GroupBy(stream => AttributesOf(playlist, stream, described), StringComparer.Ordinal))
        {
            StreamTag first = alike.First();
            StreamTag[] others = [.. alike.Skip(1).Where(stream => stream.Address != first.Address).DistinctBy(static stream => stream.Address)];
            left.UnionWith(alike);
            left.ExceptWith(others);
            foreach (StreamTag other in others)
            {
                Add(first.Address, other.Address);
                foreach ((MediaKind kind, string? own, string? group) in ((MediaKind, string?, string?)[])[(MediaKind.Audio, first.Audio, other.Audio), (MediaKind.Video, first.Video, other.Video), (MediaKind.Text, first.Subtitles, other.Subtitles)])
                {
                    if (own is null || group is null || own == group) continue;
                    replaced.Add((kind, group));
                    foreach ((MediaTag member, MediaTag mirror) in MembersOf(playlist, kind, own).Zip(MembersOf(playlist, kind, group)))
                        if (member.Address is { } address && mirror.Address is { } elsewhere && address != elsewhere) Add(address, elsewhere);
                }
            }
        }

        foreach ((Uri address, List<Uri> elsewhere) in mirrors) loader.AddRedundant(address, elsewhere);
        foreach (StreamTag stream in left)
        {
            // A group that something else has, too, is its own.
            replaced.Remove((MediaKind.Audio, stream.Audio ?? ""));
            replaced.Remove((MediaKind.Video, stream.Video ?? ""));
            replaced.Remove((MediaKind.Text, stream.Subtitles ?? ""));
        }

        return ([.. variants.Where(left.Contains)], [.. playlist.Media.Where(media => !replaced.Contains((media.Kind, media.Group)))]);

        void Add(Uri address, Uri elsewhere)
        {
            if (!mirrors.TryGetValue(address, out List<Uri>? known)) mirrors.Add(address, known = []);
            if (!known.Contains(elsewhere)) known.Add(elsewhere);
        }
    }

    private static IEnumerable<MediaTag> MembersOf(MultivariantPlaylist playlist, MediaKind kind, string? group) => playlist.Media.Where(media => media.Kind == kind && media.Group == group);

    /// <summary>All that is said of a variant but its address and its name, and all that is said of the members of its groups but theirs.</summary>
    private static string AttributesOf(MultivariantPlaylist playlist, StreamTag stream, Dictionary<(MediaKind, string), string> described)
    {
        return string.Join('\n', stream.Bandwidth, stream.AverageBandwidth, string.Join(',', stream.Codecs), stream.SupplementalCodecs, stream.Width, stream.Height, stream.FrameRate,
            Of(MediaKind.Audio, stream.Audio), Of(MediaKind.Video, stream.Video), Of(MediaKind.Text, stream.Subtitles), stream.ClosedCaptions, stream.HdcpLevel, stream.AllowedCpc, stream.VideoRange, stream.VideoLayout, stream.Score);

        // Short, however many members there are.
        string Of(MediaKind kind, string? group)
        {
            if (group is null) return "";
            if (described.TryGetValue((kind, group), out string? known)) return known;
            string members = string.Join('\r', MembersOf(playlist, kind, group).Select(static media => string.Join(
                '\t', media.Name, media.Language, media.IsDefault, media.IsAutoSelect, media.IsForced, string.Join(',', media.Characteristics), media.Channels, media.SampleRate, media.Address is null)).DefaultIfEmpty(group));
            return described[(kind, group)] = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(members)));
        }
    }
}
