using System.Globalization;
using Keyway.Cli.Targets;
using Keyway.Content;
using Keyway.Mp4;
using Keyway.Timeline;
using Spectre.Console;

namespace Keyway.Cli;

/// <summary>What <c>play</c> has done.</summary>
internal sealed record PlayReport
{
    public required PresentationReport Presentation { get; init; }

    /// <summary>What was written, track by track, in the order of the presentation's tracks.</summary>
    public required IReadOnlyList<Mp4TrackSummary?> Tracks { get; init; }

    /// <summary>Which periods went into which file.</summary>
    public required IReadOnlyList<WrittenPart> Parts { get; init; }

    /// <summary>How many segments were written as they are, clear; <see langword="null"/>: their samples were read.</summary>
    public int? Segments { get; init; }

    public required bool IsLive { get; init; }

    /// <summary>What could not be read.</summary>
    public required IReadOnlyList<PresentationGap> Gaps { get; init; }

    public required IReadOnlyList<WrittenOutput> Outputs { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public static string Describe(PresentationTrack track)
    {
        string size = track.Height > 0 ? $" {track.Width}x{track.Height}" : "";
        string language = track.Language is { Length: > 0 and <= 35 } text ? $" {text}" : "";
        return $"{PresentationReport.Word(track.Kind)}{size} {track.Codec}{language}";
    }

    public string ToJson() => Json.Write(json =>
    {
        json.WriteStartObject();
        Presentation.WriteTo(json);
        json.WriteStartArray("tracks");
        foreach ((PresentationTrack track, Mp4TrackSummary? written) in Pairs())
        {
            json.WriteStartObject();
            json.WriteNumber("index", track.Index);
            json.WriteString("kind", PresentationReport.Word(track.Kind));
            json.WriteString("id", track.Id);
            json.WriteString("codec", track.Codec);
            if (track.Height > 0)
            {
                json.WriteNumber("width", track.Width);
                json.WriteNumber("height", track.Height);
            }

            if (track.Bandwidth > 0) json.WriteNumber("bandwidth", track.Bandwidth);
            if (track.Language is not null) json.WriteString("language", track.Language);
            json.WriteString("scheme", track.IsProtected ? PresentationReport.Word(track.Scheme) : null);
            ContentTrack facts = Presentation.Facts.Tracks[track.Index];
            json.WriteStrings("kids", (written?.KeyIds ?? track.KeyIds).Where(id => id != default || facts.KeyFiles.Count == 0).Select(static id => id.ToString()));
            if (facts.IsEncryptedAsWhole) json.WriteString("segmentEncryption", PresentationReport.Aes128);
            if (facts.IsSampleAes) json.WriteString("sampleEncryption", PresentationReport.SampleAes);
            if (facts.KeyFiles.Count > 0) json.WriteStrings("keyFiles", facts.KeyFiles);
            if (Segments is null)
            {
                json.WriteNumber("samples", written?.Samples ?? 0);
                json.WriteNumber("protectedSamples", written?.ProtectedSamples ?? 0);
                json.WriteNumber("bytes", written?.Bytes ?? 0);
            }

            KeyCheckReport.WriteTo(json, written);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("outputs");
        foreach (WrittenOutput output in Outputs)
        {
            json.WriteStartObject();
            json.WriteString("path", RawNames.Told(output.Path));
            json.WriteNumber("bytes", output.Length);
            json.WriteString("sha256", output.Sha256);
            if (Segments is { } segments) json.WriteNumber("segments", segments);
            if (PeriodsOf(output) is { Count: > 0 } periods) json.WriteStrings("periods", periods);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("gaps");
        foreach (PresentationGap gap in Gaps)
        {
            json.WriteStartObject();
            json.WriteNumber("track", gap.Track);
            json.WriteNumber("startSeconds", Math.Round(gap.Start.TotalSeconds, 3));
            json.WriteNumber("durationSeconds", Math.Round(gap.Duration.TotalSeconds, 3));
            json.WriteNumber("segments", gap.Segments);
            json.WriteString("reason", gap.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("bytes", Outputs.Sum(static output => output.Length));
        json.WriteNumber("seconds", Math.Round(Elapsed.TotalSeconds, 3));
        json.WriteNumber("bytesPerSecond", Math.Round(Outputs.Sum(static output => output.Length) / Math.Max(Elapsed.TotalSeconds, 0.001)));
        json.WriteEndObject();
    });

    public void Show(IAnsiConsole console)
    {
        console.MarkupLine($"Played      {Shown.Markup(PresentationReport.TextOf(Presentation.Facts.Source))}");
        Presentation.ShowLicenses(console);
        Table table = PresentationReport.NewTable("Track", "Scheme", "Samples", "Protected", "Bytes", "Keys");
        foreach ((PresentationTrack track, Mp4TrackSummary? written) in Pairs())
        {
            table.AddRow(
                Shown.Markup(Describe(track)), Presentation.Facts.Tracks[track.Index].IsSampleAes ? PresentationReport.SampleAes : track.IsProtected ? PresentationReport.Word(track.Scheme) : Presentation.Facts.Tracks[track.Index].IsEncryptedAsWhole ? PresentationReport.Aes128 : "clear", Count(written?.Samples), Count(written?.ProtectedSamples),
                Count(written?.Bytes), Shown.Markup(string.Join(' ', PresentationReport.KeysOf(written?.KeyIds ?? track.KeyIds, Presentation.Facts.Tracks[track.Index].KeyFiles))));
        }

        console.Write(table);
        foreach ((PresentationTrack track, Mp4TrackSummary? written) in Pairs())
            if (written?.KeyCheck is not null) console.MarkupLine($"{Shown.Markup(Describe(track))}  {Shown.Markup(KeyCheckReport.Words(written))}");
        foreach (ContentTrack other in Presentation.Facts.Tracks.Where(static track => !track.IsChosen))
            console.MarkupLine($"[grey]not {Shown.Markup(other.Kind == Timeline.MediaKind.None ? "a track" : PresentationReport.Word(other.Kind))} {Shown.Markup(Short(other.Id))} ({Shown.Markup(other.Codec)}{(other.Height > 0 ? $" {other.Width}x{other.Height}" : "")}): {Shown.Markup(other.WhyNot ?? "")}[/]");
        foreach (PresentationGap gap in Gaps)
        {
            string what = gap.Segments > 0 ? string.Create(CultureInfo.InvariantCulture, $"{gap.Segments} segment{(gap.Segments == 1 ? "" : "s")}, ") : "";
            console.MarkupLine(string.Create(
                CultureInfo.InvariantCulture, $"[yellow]gap: {Shown.Markup(Describe(Presentation.Tracks[gap.Track]))}, {what}{gap.Duration.TotalSeconds:0.###} s from {gap.Start:c}: {Shown.Markup(gap.Reason)}[/]"));
        }

        foreach (string note in Presentation.Notes) console.MarkupLine($"[yellow]note: {Shown.Markup(note)}[/]");
        foreach (WrittenOutput output in Outputs)
        {
            console.MarkupLine($"Wrote       {Shown.Markup(output.Path)}  {Number(output.Length)} bytes{(Segments is { } segments ? $", {segments} segments as they are, clear" : "")}");
            if (PeriodsOf(output) is { Count: > 0 } periods) console.MarkupLine($"            {Shown.Markup(string.Join(", ", periods))}");
            console.MarkupLine($"SHA-256     {output.Sha256}");
        }

        if (IsLive) return;
        double rate = Outputs.Sum(static output => output.Length) / Math.Max(Elapsed.TotalSeconds, 0.001) / 1e6;
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"In          {Elapsed.TotalSeconds:0.00} s, {rate:0.0} MB/s"));
    }

    /// <summary>The periods in an output, where there is more than one file because sample entries or codecs change between them.</summary>
    private IReadOnlyList<string> PeriodsOf(WrittenOutput output) =>
        Parts.Any(static part => part.Number > 1) ? Parts.FirstOrDefault(part => part.Path == output.Path)?.Periods ?? [] : [];

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    // Nothing counts the samples of what is written as it is.
    private string Count(long? value) => Segments is null ? Number(value ?? 0) : "-";

    private static string Short(string id) => id.Length <= 40 ? id : id[..40] + "…";

    private IEnumerable<(PresentationTrack Track, Mp4TrackSummary? Written)> Pairs() =>
        Presentation.Tracks.Select((track, i) => (track, i < Tracks.Count ? Tracks[i] : null));
}
