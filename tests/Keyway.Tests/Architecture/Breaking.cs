using System.Net.Sockets;
using System.Runtime.Loader;
using Microsoft.Extensions.Logging;

namespace Keyway.Architecture;

/// <summary>What nobody should know.</summary>
internal static class BreakingTarget
{
    internal class Base;

    internal interface IShape;

    internal sealed class Thing
    {
        public static Thing Make() => new();

        public int Size { get; } = 1;
    }

    internal sealed class Fault : Exception;

    [AttributeUsage(AttributeTargets.Class)]
    internal sealed class MarkAttribute : Attribute;
}

/// <summary>Ways to break a rule of rooms, for the proof that the checkers see them.</summary>
internal static class Breaking
{
    internal sealed class Inherits : BreakingTarget.Base;

    internal sealed class Implements : BreakingTarget.IShape;

    internal sealed class HasField
    {
        internal readonly BreakingTarget.Thing?[] Field = [];
    }

    internal sealed class Hides
    {
        internal static readonly System.Runtime.CompilerServices.ConditionalWeakTable<BreakingTarget.Thing, object> Table = [];
    }

    internal static class Hoards
    {
        internal static readonly List<BreakingTarget.Thing> Things = [];
    }

    internal static class Takes
    {
        internal static void Run(ReadOnlySpan<BreakingTarget.Thing[]> things) => _ = things.Length;
    }

    internal static class Calls
    {
        internal static object Run() => BreakingTarget.Thing.Make();
    }

    internal static class InLambda
    {
        internal static Func<object> Run() => static () => BreakingTarget.Thing.Make();
    }

    internal static class Awaits
    {
        internal static async Task<int> RunAsync()
        {
            await Task.Yield();
            return BreakingTarget.Thing.Make().Size;
        }
    }

    internal static class Iterates
    {
        internal static IEnumerable<int> Run()
        {
            yield return BreakingTarget.Thing.Make().Size;
        }
    }

    internal static class Catches
    {
        internal static void Run(Action action)
        {
            try
            {
                action();
            }
            catch (BreakingTarget.Fault)
            {
                // Named here and nowhere else.
            }
        }
    }

    internal static class Closes
    {
        internal static object Run() => new Dictionary<string, List<BreakingTarget.Thing>>();
    }

    [BreakingTarget.Mark]
    internal sealed class IsMarked;

    internal static class Containers
    {
        internal static object? Run(IServiceProvider services, ILogger<string> logger) => services.GetService(logger.GetType());
    }

    internal static class Loads
    {
        internal static string? Run()
        {
            using HttpClient client = new();
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            return AssemblyLoadContext.Default.Name;
        }
    }
}
