using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Keyway.Fuzz;

// fuzz [--minutes N] [--seed N] [--parser NAME] [--out DIR] [FILE…]: findings go to DIR, each as PARSER-HASH.bin with the reason beside it.
double minutes = 1;
ulong seed = (ulong)Stopwatch.GetTimestamp();
string? only = null;
string folder = "fuzz-findings";
List<string> files = [];
for (int i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--minutes":
            minutes = double.Parse(args[++i], CultureInfo.InvariantCulture);
            break;
        case "--seed":
            seed = ulong.Parse(args[++i], CultureInfo.InvariantCulture);
            break;
        case "--parser":
            only = args[++i];
            break;
        case "--out":
            folder = args[++i];
            break;
        default:
            files.Add(args[i]);
            break;
    }
}

List<Parser> parsers = [.. FrameworkParsers.All.Concat(PluginParsers.All).Where(parser => only is null || parser.Name == only)];
if (parsers.Count == 0)
{
    Console.Error.WriteLine($"parsers: {string.Join(' ', FrameworkParsers.All.Concat(PluginParsers.All).Select(static parser => parser.Name))}");
    return 2;
}

int findings = 0;
if (files.Count > 0)
{
    // Findings once more.
    foreach (string file in files)
        foreach (Parser parser in parsers)
            if (FuzzRun.Try(parser, File.ReadAllBytes(file)) is { } what)
            {
                findings++;
                Console.WriteLine($"{parser.Name} {file}: {what}");
            }

    return findings == 0 ? 0 : 1;
}

FuzzRun run = new(parsers, SeedCorpus.Load(shared: true), seed);
long begun = Stopwatch.GetTimestamp();
HashSet<string> seen = [];
foreach (Finding finding in run.Run(_ => Stopwatch.GetElapsedTime(begun).TotalMinutes < minutes))
{
    // One of a kind: the parser, and where it broke.
    string place = finding.What.Split('\n').FirstOrDefault(static line => line.Contains(" at Keyway", StringComparison.Ordinal)) ?? finding.What.Split(' ')[^1];
    if (!seen.Add($"{finding.Parser.Name} {place}")) continue;
    findings++;
    Directory.CreateDirectory(folder);
    string path = Path.Combine(folder, $"{finding.Parser.Name}-{Convert.ToHexStringLower(SHA256.HashData(finding.Input))[..8]}");
    File.WriteAllBytes(path + ".bin", finding.Input);
    File.WriteAllText(path + ".txt", finding.What);
    Console.WriteLine($"{path}.bin: {finding.What.Split('\n')[0]}");
}

Console.WriteLine($"{run.Inputs} inputs, {findings} findings, seed {seed}");
return findings == 0 ? 0 : 1;
