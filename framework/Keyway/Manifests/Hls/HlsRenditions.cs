using Keyway.Manifests.Hls.Model;
using Keyway.Manifests.Hls.Segments;
using Keyway.Timeline;

namespace Keyway.Manifests.Hls;

/// <summary>The renditions that a multivariant playlist offers: its variants, each with what is in it, and the members of their groups.</summary>
internal static class HlsRenditions
{
    private static readonly string[] VideoCodecs = ["avc", "hvc", "hev", "dvh", "dva", "vp0", "vp8", "vp9", "av01", "mp4v", "vvc", "vvi", "s263", "lvc", "evc"];
    private static readonly string[] TextCodecs = ["stpp", "wvtt", "tx3g", "c608", "c708"];
    private static readonly string[] Layouts = ["CH-MONO", "CH-STEREO", "PROJ-RECT", "PROJ-EQUI", "PROJ-HEQU", "PROJ-PRIM", "PROJ-AIV"];

    /// <summary>Makes them.</summary>
    /// <param name="playlist">The playlist.</param>
    /// <param name="loader">What fetches their playlists.</param>
    /// <param name="notes">Gets what is left out.</param>
    public static List<Rendition> Of(MultivariantPlaylist playlist, HlsLoader loader, List<string> notes)
    {
        // Of several ways to the same content, the first.
        StreamTag[] variants = [.. playlist.Streams.Where(static stream => stream.Kind == StreamKind.Variant)];
        string? pathway = variants.FirstOrDefault()?.PathwayId;
        StreamTag[] others = [.. variants.Where(stream => stream.PathwayId != pathway)];
        if (others.Length > 0) notes.Add($"{playlist.Name}: {others.Length} variants of other pathways are left out");
        variants = [.. variants.Except(others)];

        (variants, IReadOnlyList<MediaTag> members) = RedundantStreams.Remove(playlist, variants, loader);
        List<Rendition> renditions = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        HashSet<Uri> own = [.. playlist.Media.Select(static media => media.Address).OfType<Uri>()];
        string[] groups = [.. variants.OrderByDescending(static stream => (stream.Height ?? 0, stream.Bandwidth)).Select(static stream => stream.Audio).OfType<string>().Distinct(StringComparer.Ordinal)];
        foreach (StreamTag stream in variants) AddVariant(stream);
        foreach (MediaTag media in members) AddMember(media);
        foreach (StreamTag stream in playlist.Streams) AddTrickPlay(stream);
        return renditions;

        void AddVariant(StreamTag stream)
        {
            string[] video = [.. stream.Codecs.Where(IsVideo)], text = [.. stream.Codecs.Where(IsText)], audio = [.. stream.Codecs.Except(video).Except(text)];
            MediaTag[] members = [.. playlist.Media.Where(media => media.Kind == MediaKind.Audio && media.Group == stream.Audio)];

            // What has no address of its own is in the segments of the variant.
            MediaTag? inside = members.FirstOrDefault(static media => media.Address is null);
            bool isUnsaid = stream.Codecs.Count == 0;
            bool hasVideo = video.Length > 0 || stream.Height is not null || isUnsaid;
            bool hasAudio = (audio.Length > 0 || isUnsaid) && (members.Length == 0 || inside is not null || !hasVideo);

            // A variant that is nothing but the audio of a group is there once.
            if (!hasVideo && own.Contains(stream.Address)) return;
            string id = Unique(stream.StableId ?? NameOf(playlist.Origin.Location, stream.Address));
            Rendition common = new()
            {
                Path = stream.Line.ToString(),
                Kind = MediaKind.Video,
                Segments = new DeferredSegments(loader, stream.Address, stream.Line.ToString()),
                Id = id,
                Bandwidth = stream.Bandwidth,
                NotUnderstood = stream.VideoLayout is { } layout && layout.Split(',', '/').FirstOrDefault(static each => !Layouts.Contains(each.Trim(), StringComparer.Ordinal)) is { } unknown ? $"REQ-VIDEO-LAYOUT {Shown(unknown)}" : null,
            };
            if (hasVideo)
            {
                renditions.Add(common with
                {
                    Width = stream.Width,
                    Height = stream.Height,
                    FrameRate = stream.FrameRate,
                    Codecs = video.Length > 0 ? string.Join(',', video) : null,
                    IsMixed = hasAudio,
                });
            }

            if (hasAudio)
            {
                string path = hasVideo ? common.Path + ", audio" : common.Path;
                renditions.Add(common with
                {
                    Path = path,
                    Kind = MediaKind.Audio,
                    Segments = new DeferredSegments(loader, stream.Address, path),
                    Codecs = audio.Length > 0 ? string.Join(',', audio) : null,
                    Group = stream.Audio,
                    GroupIndex = Math.Max(0, Array.IndexOf(groups, stream.Audio)),
                    Language = inside?.Language,
                    Label = inside?.Name,
                    Roles = inside is null ? [] : RolesOf(inside),
                    IsMixed = hasVideo,
                });
            }
        }

        void AddMember(MediaTag media)
        {
            if (media.Address is not { } address) return;
            StreamTag? variant = media.Kind switch
            {
                MediaKind.Audio => variants.FirstOrDefault(stream => stream.Audio == media.Group),
                MediaKind.Video => variants.FirstOrDefault(stream => stream.Video == media.Group),
                _ => variants.FirstOrDefault(stream => stream.Subtitles == media.Group),
            };
            string[] codecs = [.. variant?.Codecs.Where(codec => media.Kind switch
            {
                MediaKind.Video => IsVideo(codec),
                MediaKind.Text => IsText(codec),
                _ => !IsVideo(codec) && !IsText(codec),
            }) ?? []];
            renditions.Add(new Rendition
            {
                Path = media.Line.ToString(),
                Kind = media.Kind,
                Segments = new DeferredSegments(loader, address, media.Line.ToString()),
                Id = Unique(media.StableId ?? (media.Name.Length > 0 ? media.Name : NameOf(playlist.Origin.Location, address))),
                Group = media.Group,
                GroupIndex = media.Kind == MediaKind.Audio ? Math.Max(0, Array.IndexOf(groups, media.Group)) : 0,
                Bandwidth = 0,
                Width = media.Kind == MediaKind.Video ? variant?.Width : null,
                Height = media.Kind == MediaKind.Video ? variant?.Height : null,
                AudioSamplingRate = media.SampleRate,
                Codecs = codecs.Length > 0 ? string.Join(',', codecs) : null,
                Language = media.Language,
                Label = media.Name,
                Roles = RolesOf(media),
            });
        }

        void AddTrickPlay(StreamTag stream)
        {
            if (stream.Kind == StreamKind.Variant) return;
            renditions.Add(new Rendition
            {
                Path = stream.Line.ToString(),
                Kind = stream.Kind == StreamKind.Images ? MediaKind.Image : MediaKind.Video,
                Segments = new DeferredSegments(loader, stream.Address, stream.Line.ToString()),
                Id = Unique(stream.StableId ?? NameOf(playlist.Origin.Location, stream.Address)),
                Bandwidth = stream.Bandwidth,
                Width = stream.Width,
                Height = stream.Height,
                Codecs = stream.Codecs.Count > 0 ? string.Join(',', stream.Codecs) : null,
                IsTrickMode = stream.Kind == StreamKind.IFrames,
                IsReadable = stream.Kind != StreamKind.Images,
                MimeType = stream.Kind == StreamKind.Images ? "image/jpeg" : null,
            });
        }

        string Unique(string name)
        {
            if (name.Length > 64) name = name[..64];
            string unique = name;
            for (int i = 2; !names.Add(unique); i++) unique = $"{name}-{i}";
            return unique;
        }
    }

    /// <summary>The renditions of a media playlist that stands alone.</summary>
    public static List<Rendition> Of(MediaPlaylist playlist, HlsLoader loader)
    {
        string name = NameOf(playlist.Origin.Location, playlist.Origin.Location);
        Rendition video = new()
        {
            Path = "the playlist",
            Kind = MediaKind.Video,
            Segments = new DeferredSegments(loader, playlist.Origin.Location, "the playlist"),
            Id = name,
            IsMixed = true,
        };
        return [video, video with { Path = "the playlist, audio", Kind = MediaKind.Audio, Segments = new DeferredSegments(loader, playlist.Origin.Location, "the playlist, audio") }];
    }

    private static bool IsVideo(string codec) => VideoCodecs.Any(known => codec.StartsWith(known, StringComparison.OrdinalIgnoreCase));

    private static bool IsText(string codec) => TextCodecs.Any(known => codec.StartsWith(known, StringComparison.OrdinalIgnoreCase));

    /// <summary>What a rendition is there for, in the words that manifests of another form have for it.</summary>
    private static List<string> RolesOf(MediaTag media)
    {
        List<string> roles = media.IsDefault ? ["main"] : [];
        if (media.IsForced) roles.Add("forced-subtitle");
        foreach (string characteristic in media.Characteristics)
        {
            string? role = characteristic switch
            {
                "public.accessibility.describes-video" => "description",
                "public.accessibility.transcribes-spoken-dialog" or "public.accessibility.describes-music-and-sound" => "caption",
                "public.easy-to-read" => "easyreader",
                _ => null,
            };
            if (role is not null && !roles.Contains(role)) roles.Add(role);
        }

        return roles;
    }

    /// <summary>A name for people: the address below the presentation's own, without its ending.</summary>
    private static string NameOf(Uri location, Uri address)
    {
        string path = location.IsBaseOf(address) && location != address ? location.MakeRelativeUri(address).OriginalString : address.Segments is [.., string last] ? last : address.Scheme;
        path = Uri.UnescapeDataString(path.Split('?', '#')[0]);
        int dot = path.LastIndexOf('.');
        return dot > path.LastIndexOf('/') + 1 ? path[..dot] : path;
    }

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
