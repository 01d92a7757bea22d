using System.Globalization;

namespace Keyway.Fleet.Report;

/// <summary>How much is run, and where the report goes.</summary>
internal sealed record Settings
{
    public int Streams { get; init; } = 10_000;

    public int KeySets { get; init; } = 300;

    public int PeriodSeconds { get; init; } = 6;

    /// <summary>How long all streams are watched.</summary>
    public TimeSpan Long { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long each step of growth is measured.</summary>
    public TimeSpan Step { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the store is away.</summary>
    public TimeSpan Away { get; init; } = TimeSpan.FromSeconds(60);

    public string Store { get; init; } = "Redis";

    public string? Output { get; init; }

    public static Settings Parse(string[] args)
    {
        Settings settings = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : throw new ArgumentException($"{args[i]}: a value is missing");
            settings = args[i] switch
            {
                "--streams" => settings with { Streams = Number(value) },
                "--sets" => settings with { KeySets = Number(value) },
                "--minutes" => settings with { Long = TimeSpan.FromMinutes(double.Parse(value, CultureInfo.InvariantCulture)) },
                "--step" => settings with { Step = TimeSpan.FromSeconds(Number(value)) },
                "--away" => settings with { Away = TimeSpan.FromSeconds(Number(value)) },
                "--store" => settings with { Store = value },
                "--out" => settings with { Output = value },
                _ => throw new ArgumentException($"there is no option {args[i]}: --streams N --sets N --minutes M --step SECONDS --away SECONDS --store Redis|PostgreSql --out FILE"),
            };
        }

        return settings;

        static int Number(string value) => int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
