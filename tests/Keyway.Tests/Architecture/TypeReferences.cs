using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;

namespace Keyway.Architecture;

/// <summary>What a type names: in its declaration, in its members, and in the code of its methods, those that the compiler made included.</summary>
internal static class TypeReferences
{
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!)
        .ToDictionary(static code => code.Value & 0xFFFF);

    private static readonly ConcurrentDictionary<Type, (HashSet<Type> Types, HashSet<MethodBase> Calls)> Known = new();

    /// <summary>Every type that a type, or one inside it, names.</summary>
    public static IReadOnlySet<Type> Of(Type type) => Known.GetOrAdd(type, Walk).Types;

    /// <summary>Every method that its code calls or takes the address of.</summary>
    public static IReadOnlySet<MethodBase> CallsOf(Type type) => Known.GetOrAdd(type, Walk).Calls;

    /// <summary>The type around all others: what the compiler makes for a lambda belongs to whoever wrote the lambda.</summary>
    public static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } around) type = around;
        return type;
    }

    private static (HashSet<Type> Types, HashSet<MethodBase> Calls) Walk(Type type)
    {
        HashSet<Type> types = [];
        HashSet<MethodBase> calls = [];
        Add(types, type.BaseType);
        foreach (Type implemented in type.GetInterfaces()) Add(types, implemented);
        AddAttributes(types, type);
        foreach (Type argument in type.GetGenericArguments())
            foreach (Type constraint in argument.IsGenericParameter ? argument.GetGenericParameterConstraints() : []) Add(types, constraint);

        foreach (MemberInfo member in type.GetMembers(Own))
        {
            AddAttributes(types, member);
            switch (member)
            {
                case FieldInfo field:
                    Add(types, field.FieldType);
                    break;
                case PropertyInfo property:
                    Add(types, property.PropertyType);
                    break;
                case EventInfo happening:
                    Add(types, happening.EventHandlerType);
                    break;
                case MethodBase method:
                    AddSignature(types, method);
                    foreach (ParameterInfo parameter in method.GetParameters()) AddAttributes(types, parameter);
                    AddCode(types, calls, type, method);
                    break;
                case Type inner:
                    (HashSet<Type> innerTypes, HashSet<MethodBase> innerCalls) = Known.GetOrAdd(inner, Walk);
                    types.UnionWith(innerTypes);
                    calls.UnionWith(innerCalls);
                    break;
            }
        }

        return (types, calls);
    }

    private static void AddCode(HashSet<Type> types, HashSet<MethodBase> calls, Type type, MethodBase method)
    {
        if (method.GetMethodBody() is not { } body) return;
        foreach (LocalVariableInfo local in body.LocalVariables) Add(types, local.LocalType);
        foreach (ExceptionHandlingClause clause in body.ExceptionHandlingClauses)
            if (clause.Flags == ExceptionHandlingClauseOptions.Clause) Add(types, clause.CatchType);

        Type[]? ofType = type.IsGenericType ? type.GetGenericArguments() : null;
        Type[]? ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        foreach (int token in Tokens(body.GetILAsByteArray() ?? []))
        {
            switch (type.Module.ResolveMember(token, ofType, ofMethod))
            {
                case Type named:
                    Add(types, named);
                    break;
                case FieldInfo field:
                    Add(types, field.DeclaringType);
                    Add(types, field.FieldType);
                    break;
                case MethodBase called:
                    calls.Add(called);
                    Add(types, called.DeclaringType);
                    AddSignature(types, called);
                    break;
            }
        }
    }

    /// <summary>The metadata tokens in a method's code (ECMA-335, III.1.2): an instruction is one byte, or 0xFE and another, and its operand.</summary>
    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (int i = 0; i < code.Length;)
        {
            int value = code[i++];
            if (value == 0xFE) value = 0xFE00 | code[i++];
            OpCode instruction = Codes[value];
            switch (instruction.OperandType)
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    i += 1;
                    break;
                case OperandType.InlineVar:
                    i += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    i += 8;
                    break;
                case OperandType.InlineSwitch:
                    i += 4 + (4 * BitConverter.ToInt32(code, i));
                    break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    yield return BitConverter.ToInt32(code, i);
                    i += 4;
                    break;
                default:
                    i += 4;
                    break;
            }
        }
    }

    private static void AddSignature(HashSet<Type> types, MethodBase method)
    {
        if (method is MethodInfo { ReturnType: { } result }) Add(types, result);
        foreach (ParameterInfo parameter in method.GetParameters()) Add(types, parameter.ParameterType);
        foreach (Type argument in method.IsGenericMethod ? method.GetGenericArguments() : []) Add(types, argument);
    }

    private static void AddAttributes(HashSet<Type> types, ICustomAttributeProvider member)
    {
        IEnumerable<CustomAttributeData> attributes = member switch
        {
            MemberInfo of => of.GetCustomAttributesData(),
            ParameterInfo of => of.GetCustomAttributesData(),
            _ => [],
        };
        foreach (CustomAttributeData attribute in attributes)
        {
            Add(types, attribute.AttributeType);
            foreach (CustomAttributeTypedArgument argument in attribute.ConstructorArguments)
                if (argument.Value is Type named) Add(types, named);
        }
    }

    private static void Add(HashSet<Type> types, Type? type)
    {
        while (type is { HasElementType: true }) type = type.GetElementType();
        if (type is null || type.IsGenericParameter) return;
        if (type.IsGenericType)
        {
            foreach (Type argument in type.GetGenericArguments()) Add(types, argument);
            type = type.GetGenericTypeDefinition();
        }

        types.Add(type);
    }
}
