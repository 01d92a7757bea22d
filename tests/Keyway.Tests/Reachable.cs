using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Keyway;

/// <summary>Counts what is reachable from some objects: what the collector cannot take as long as they live, whatever else runs beside a test.</summary>
/// <remarks>What belongs to whoever runs the tests, and to whoever listens to all spans of the process, is not counted: it changes with the other tests.</remarks>
internal static class Reachable
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Counts objects and the elements of arrays.</summary>
    public static long Count(params object[] roots)
    {
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        Stack<object> open = new();
        Dictionary<Type, FieldInfo[]> fields = [];
        foreach (object root in roots) Push(root);
        long count = 0;
        while (open.TryPop(out object? item))
        {
            count++;
            if (item is Array array)
            {
                count += array.Length;
                if (Holds(array.GetType().GetElementType()!))
                    foreach (object? element in array) Push(element);
                continue;
            }

            // Two kinds of the platform's own hide what they hold from reflection.
            if (item is Delegate call) foreach (Delegate each in call.GetInvocationList()) Push(each.Target);
            foreach (FieldInfo field in FieldsOf(item.GetType())) Push(field.GetValue(item));
        }

        return count;

        void Push(object? item)
        {
            if (item is null or string or Type or MemberInfo or Assembly or Module or Thread or Pointer or ExecutionContext or SynchronizationContext or TaskScheduler or ActivitySource) return;
            if (item.GetType().Namespace?.StartsWith("Xunit", StringComparison.Ordinal) == true) return;
            if (item.GetType().IsValueType)
            {
                foreach (FieldInfo field in FieldsOf(item.GetType())) Push(field.GetValue(item));
                return;
            }

            if (seen.Add(item)) open.Push(item);
        }

        FieldInfo[] FieldsOf(Type type)
        {
            if (fields.TryGetValue(type, out FieldInfo[]? known)) return known;
            List<FieldInfo> own = [];
            for (Type? each = type; each is not null && !typeof(Delegate).IsAssignableFrom(each); each = each.BaseType)
                own.AddRange(each.GetFields(Own).Where(static field => Holds(field.FieldType)));
            return fields[type] = [.. own];
        }
    }

    /// <summary>Whether something of a type can hold a reference.</summary>
    private static bool Holds(Type type) =>
        !type.IsPointer && !type.IsByRefLike && !type.IsPrimitive && !type.IsEnum && type != typeof(string)
        && (!type.IsValueType || (bool)typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(type).Invoke(null, null)!);
}
