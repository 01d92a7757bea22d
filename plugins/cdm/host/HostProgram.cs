using System.IO.Pipes;
using Keyway.Cdm.Host.Loading;
using Keyway.Cdm.Host.Sandbox;

namespace Keyway.Cdm.Host;

/// <summary>What the program does with its two arguments: the name of the pipe to its parent, and the memory that they share.</summary>
internal static class HostProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Runs until the parent says so or is gone. Returns only where there is no parent.</summary>
    /// <param name="arguments">The program's arguments.</param>
    /// <param name="loader">What makes functions of a module's file. The program has one: there is no argument for it.</param>
    /// <param name="inlets">What waits for the parent; <see langword="null"/>: what is best on this platform.</param>
    public static int Run(string[] arguments, IModuleLoader loader, Func<NamedPipeClientStream, Inlet>? inlets = null)
    {
        if (arguments.Length != 2)
        {
            Console.Error.WriteLine("This program holds a CDM for a program that uses Keyway. It is started by that program and by nobody else.");
            return HostExit.Usage;
        }

        try
        {
            ProcessRestrictions.Apply(arguments[1]);
            using Arena arena = new(arguments[1]);
            using NamedPipeClientStream pipe = new(".", arguments[0], PipeDirection.InOut, PipeOptions.CurrentUserOnly);
            pipe.Connect(Patience);
            Inlet inlet = (inlets ?? Inlet.ForPlatform)(pipe);
            new Dispatcher(inlet, new Outlet(pipe), arena, TimeProvider.System).Start(dispatcher => new ModuleProcess(dispatcher, loader));
            inlet.Stay();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or TimeoutException)
        {
            Console.Error.WriteLine($"There is no parent: {e.Message}");
        }

        return HostExit.Broken;
    }
}
