namespace Keyway.Cdm.LyingChild;

/// <summary>Arguments: the script, the pipe, the memory.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is not [string script, string pipe, string memory])
        {
            Console.Error.WriteLine("SCRIPT PIPE MEMORY");
            return 2;
        }

        using Liar liar = new(script, pipe, memory);
        return liar.Run();
    }
}
