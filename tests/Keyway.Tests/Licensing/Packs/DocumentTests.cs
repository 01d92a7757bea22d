using System.Text.Json;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Steps;
using Keyway.Licensing.Templates;
using Keyway.Testing;

namespace Keyway.Licensing.Packs;

/// <summary>docs/providers.md: its packs are packs, and its tables name what there is.</summary>
public sealed class DocumentTests
{
    private static string Text { get; } = File.ReadAllText(Path.Combine(Corpus.Root, "docs", "providers.md"));

    [Fact]
    public void Every_pack_of_the_page_can_be_used()
    {
        string[] packs = [.. Text.Split("```json\n").Skip(1).Select(static part => part[..part.IndexOf("```", StringComparison.Ordinal)])];
        packs.Should().HaveCount(3);
        foreach (string pack in packs) PackBench.Mistakes(pack).Should().BeEmpty(pack);
        PackPreview.Of(PackBench.Read(packs[^1]), new Dictionary<string, string> { ["tenant"] = "t1" }).Should().HaveCount(3, "the page says so");
    }

    [Fact]
    public async Task Worked_pack_works()
    {
        string pack = Text.Split("```json\n")[3].Split("```")[0];
        int fetched = 0, asked = 0;
        PackBench bench = new(
            pack,
            (sent, _) => sent.Url.StartsWith("https://shop", StringComparison.Ordinal) ? Answer.Text($"jwt-{++fetched}")
                : ++asked == 1 ? Answer.Json("""{"error":{"code":"E17","text":"too old"}}""") : Answer.Json("""{"licence":"CAL6AM4K"}"""),
            ("Settings:tenant", "t1"), ("Token:Http:Url", "https://shop.example/token?kid={kid}"));
        (await bench.RunAsync("widevine", values: new() { ["contentId"] = "film" })).Should().Equal(PackBench.License);
        bench.Wire.Sent.Where(static sent => sent.Method == "POST").Select(static sent => sent.Header("Authorization")).Should().Equal("Bearer jwt-1", "Bearer jwt-2");
        bench.Wire.Sent[^1].Text.Should().Be("""{"asset":"film","key":"00000000-0000-0000-0000-000000000001","challenge":"CAQA/38rPvs="}""");
    }

    [Fact]
    public async Task Steps_of_the_page_do_what_the_worked_pack_does()
    {
        string page = Text.Split("```jsonc\n")[^1].Split("```")[0];
        using JsonDocument steps = JsonDocument.Parse($"{{ {page} }}");
        List<(string, string)> settings = [];
        PackAsConfigurationTests.Write(settings, "", steps.RootElement.GetProperty("acme"));
        string worked = Text.Split("```json\n")[3].Split("```")[0];
        foreach (string system in (string[])["widevine", "playready"])
        {
            foreach (ChallengeKind kind in (ChallengeKind[])[ChallengeKind.License, ChallengeKind.ServerCertificate])
            {
                string ofPack = await SaidAsync(new PackBench(worked, Served, ("Settings:tenant", "t1"), ("Token:Http:Url", "https://shop.example/token?kid={kid}")), system, kind);
                string ofSteps = await SaidAsync(PackBench.OfSteps(Served, [.. settings.Select(static each => (each.Item1.TrimStart(':'), each.Item2))]), system, kind);
                ofSteps.Should().Be(ofPack).And.Contain("acme.example");
            }
        }

        static Answer Served(Sent sent, int count) => sent.Url.StartsWith("https://shop", StringComparison.Ordinal) ? Answer.Text($"jwt-{count}") :
            count == 2 ? Answer.Json("""{"error":{"code":"E17","text":"too old"}}""") : Answer.Json("""{"licence":"CAL6AM4K"}""");

        static async Task<string> SaidAsync(PackBench bench, string system, ChallengeKind kind)
        {
            string said = Convert.ToHexString(await bench.RunAsync(system, kind, values: new() { ["contentId"] = "film" }));
            return string.Join('\n', bench.Wire.Sent.Select(static sent => $"{sent.Method} {sent.Url} {sent.Header("Authorization")} {sent.Text}").Append(string.Join(' ', bench.Sources[0].Written.Select(static each => each.CustomData))).Append(said));
        }
    }

    [Fact]
    public void Names_and_encodings_are_all_there()
    {
        foreach (string name in ExchangeValues.Names.Append(TemplateNames.Token).Append(TemplateNames.Challenge).Append(TemplateNames.CustomData)) Text.Should().Contain($"`{name}`");
        foreach (string encoding in ValueEncoder.Known.Split(", ")) Text.Should().Contain($"`{encoding}`");
        foreach (string source in Enum.GetNames<UrlSource>()) Text.Should().Contain($"`{source.ToLowerInvariant()}`");
    }
}
