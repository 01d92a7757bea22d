using System.Diagnostics.CodeAnalysis;

namespace Keyway.Sandbox;

/// <summary><c>credential</c>: issues a device into a folder and ends.</summary>
internal static class CredentialCommand
{
    /// <summary>The word that asks for it.</summary>
    public const string Verb = "credential";

    /// <summary>How to call it.</summary>
    public const string Usage = """
        Issues a throw-away device of this sandbox's own.

          credential --system widevine --out DIR [--data DIR]
          credential --system playready --out DIR [--data DIR]

          --system NAME the key system
          --out DIR     where to put the device's files; a file that is there already is kept, and nothing is issued
          --data DIR    the data folder of the sandbox that will know the device
        """;

    /// <summary>Does it.</summary>
    /// <param name="args">The arguments behind the verb.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="SandboxException">A file cannot be written, or is there already.</exception>
    public static int Run(string[] args)
    {
        if (args is ["--help" or "-h"])
        {
            Console.Error.WriteLine(Usage);
            return 0;
        }

        if (!TryParse(args, out string? system, out string? output, out string? data, out string wrong)) return Fail(wrong);
        if (data.Length == 0 && !SandboxOptions.TryFindData(out data)) return Fail(SandboxOptions.NoData);

        IAuthority[] authorities = SandboxApp.Authorities(DataFolder.Open(data));
        if (authorities.FirstOrDefault(one => one.System == system) is not { } authority)
            return Fail($"--system {system}: devices are issued for {string.Join(", ", authorities.Select(one => one.System))}");

        DataFolder.WriteNew(output, authority.Issue(new Dictionary<string, string>()));
        return 0;
    }

    private static bool TryParse(string[] args, [NotNullWhen(true)] out string? system, [NotNullWhen(true)] out string? output, out string data, out string wrong)
    {
        (system, output, data, wrong) = (null, null, "", "");
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
            {
                wrong = $"{args[i]}: a value is missing, or there is no such option";
                return false;
            }

            switch (args[i])
            {
                case "--system": system = args[i + 1]; break;
                case "--out" when args[i + 1].Length > 0: output = args[i + 1]; break;
                case "--data": data = args[i + 1]; break;
                default:
                    wrong = $"{args[i]} {args[i + 1]}: there is no such option or value";
                    return false;
            }
        }

        wrong = system is null ? "--system NAME is missing" : output is null ? "--out DIR is missing" : "";
        return system is not null && output is not null;
    }

    private static int Fail(string what)
    {
        Console.Error.WriteLine($"{Shown.Text(what)}\n\n{Usage}");
        return 2;
    }
}
