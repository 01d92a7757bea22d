using System.CommandLine;
using Keyway.Hosting;
using Keyway.Sessions;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway licenses</c>: what is stored, renewed and given back without media.</summary>
internal static class LicensesCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Command command = new("licenses", "Shows the stored licences: key system, key ids, status, expiry, first use, and what is to be given back.");
        command.SetAction((parse, cancellationToken) => ListAsync(context(parse), cancellationToken));
        Command list = new("list", "The same.");
        list.SetAction((parse, cancellationToken) => ListAsync(context(parse), cancellationToken));
        command.Subcommands.Add(list);
        command.Subcommands.Add(Exchange(
            context, "renew", "Renews a stored licence at its service. Needs no media.", static (licenses, id, options, cancellationToken) => RenewAsync(licenses, id, options, cancellationToken)));
        command.Subcommands.Add(Exchange(
            context, "release", "Gives a stored licence back to its service, and forgets it when the service has acknowledged it. Needs no media.",
            static (licenses, id, options, cancellationToken) => ReleaseAsync(licenses, id, options, cancellationToken)));
        return command;
    }

    private static Command Exchange(
        Func<ParseResult, CommandContext> context, string name, string description,
        Func<StoredLicenses, StoredLicenseId, PresentationOptions, CancellationToken, Task<StoredLicense?>> run)
    {
        PresentationArguments arguments = new();
        Argument<string> id = new("id") { Description = "The licence, as the list shows it; its beginning will do where there is only one of it", HelpName = "ID" };
        Command command = new(name, description) { id };
        arguments.AddLicenseOptionsTo(command);
        command.SetAction(async (parse, cancellationToken) =>
        {
            CommandContext with = context(parse);
            PresentationOptions options = arguments.Read(parse);
            await using KeywayHost keyway = Host.Create(with);
            StoredLicenseId found = await FindAsync(keyway, parse.GetRequiredValue(id), cancellationToken);
            ProgressView progress = new();
            StoredLicense? now = null;
            await progress.ShowAsync(with, async () =>
            {
                await progress.WaitAsync("waiting for the licence service", async () => now = await run(await keyway.LicensesAsync(cancellationToken), found, options, cancellationToken));
                return true;
            });
            if (now is null) LicensesReport.Released(with, found);
            else LicensesReport.Renewed(with, now, TimeProvider.System.GetUtcNow());
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<int> ListAsync(CommandContext context, CancellationToken cancellationToken)
    {
        await using KeywayHost keyway = Host.Create(context);
        StoredLicenseList list = await StoreOf(keyway).ListAsync(cancellationToken);
        LicensesReport.Listed(context, list, TimeProvider.System.GetUtcNow());
        return ExitCode.Done;
    }

    private static async Task<StoredLicense?> RenewAsync(StoredLicenses licenses, StoredLicenseId id, PresentationOptions options, CancellationToken cancellationToken) =>
        await licenses.RenewAsync(id, options, cancellationToken);

    private static async Task<StoredLicense?> ReleaseAsync(StoredLicenses licenses, StoredLicenseId id, PresentationOptions options, CancellationToken cancellationToken)
    {
        await licenses.ReleaseAsync(id, options, cancellationToken);
        return null;
    }

    private static async Task<StoredLicenseId> FindAsync(KeywayHost keyway, string text, CancellationToken cancellationToken)
    {
        StoredLicenseList list = await StoreOf(keyway).ListAsync(cancellationToken);
        StoredLicense[] meant = [.. list.Licenses.Where(license => license.Id.ToString().StartsWith(text, StringComparison.OrdinalIgnoreCase))];
        return meant switch
        {
            [StoredLicense one] => one.Id,
            [] => throw new UsageException($"there is no stored licence '{Shown.Text(text)}'; keyway licenses shows which there are"),
            _ => throw new UsageException($"'{Shown.Text(text)}' is the beginning of {meant.Length} stored licences"),
        };
    }

    // A store needs no plugin, and so no start.
    private static ILicenseStore StoreOf(KeywayHost keyway) =>
        keyway.LicenseStore ?? throw new UsageException("licences are stored nowhere: set Keyway:Licenses:Store to a folder");
}
