using System.CommandLine;

namespace Keyway.Cli.Commands;

/// <summary>The arguments of <c>keyway serve</c>: those of <c>play</c> that say what is opened and how, and where it is served.</summary>
internal sealed class ServeArguments
{
    public PresentationArguments Presentation { get; } = new();

    public Option<int> Port { get; } = new("--port") { Description = "The port on 127.0.0.1; without it, any free one", HelpName = "N", DefaultValueFactory = static _ => 0 };

    public Option<bool> Live { get; } = new("--live") { Description = "Without a source: the bundled sample as a live channel whose keys rotate" };

    public Option<bool> Faults { get; } = new("--faults") { Description = "Let the page have the licence service of the bundled sample answer slowly, refuse, fail, or give short licences" };

    public Option<string[]> Pages { get; } = new("--page-origin") { Description = "An origin whose pages may play what is served: https://app.example, for a player under test there", HelpName = "ORIGIN" };

    public Command AddTo(Command command)
    {
        Presentation.AddTo(command);
        foreach (Option option in (Option[])[Port, Live, Faults, Pages]) command.Options.Add(option);
        return command;
    }

    /// <summary>Refuses what no presentation is served with.</summary>
    /// <exception cref="UsageException">The arguments contradict each other.</exception>
    public void Check(ParseResult parse)
    {
        bool hasSource = parse.GetValue(Presentation.Source) is not null;
        if (parse.GetValue(Port) is < 0 or > 65535) throw new UsageException("--port takes a number from 0 to 65535");
        if (hasSource && parse.GetValue(Live)) throw new UsageException("--live is for the bundled sample; a live source is served live without it");
        if (parse.GetValue(Faults) && (hasSource || parse.GetValue(Presentation.LicenseUrl) is not null)) throw new UsageException("--faults is for the bundled sample and its own licence service");
        if (!hasSource && parse.GetValue(Presentation.Persist)) throw new UsageException("--persist needs a source: the bundled sample's licence service and device are gone when it has been served");
    }
}
