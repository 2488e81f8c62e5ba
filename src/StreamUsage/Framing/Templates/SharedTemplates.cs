using System.Runtime.InteropServices;

namespace StreamUsage.Framing.Templates;

/// <summary>Shares templates between streams if no slot is specific to one, which saves each stream its samples. The
/// table has a fixed size, and a newer template replaces an older one. A race between threads only loses an entry. Each
/// stream still learns its templates itself.</summary>
/// <remarks>The literal parts of an event stay here after its stream has ended. They may hold values of that stream,
/// such as a model's name.</remarks>
internal static class SharedTemplates
{
    private const int Places = 64;

    private static readonly EventTemplate?[] s_templates = new EventTemplate?[Places];
    private static readonly TemplateSlot[]?[] s_slots = new TemplateSlot[]?[Places];

    /// <summary>Returns a template of these parts. It is shared if all its slots are of <see cref="SlotKind.Output"/>
    /// or <see cref="SlotKind.Number"/>.</summary>
    public static EventTemplate GetOrCreate(ReadOnlySpan<byte> sample, ReadOnlySpan<TemplateSlot> slots, int dataStart, int dataEnd)
    {
        foreach (TemplateSlot slot in slots)
        {
            if (slot.Kind is not (SlotKind.Number or SlotKind.Output))
            {
                return new EventTemplate(sample, Slots(slots), dataStart, dataEnd, isShared: false);
            }
        }

        var hash = default(HashCode);
        hash.AddBytes(sample);
        ref EventTemplate? place = ref s_templates[(uint)hash.ToHashCode() % Places];
        return place is { } known && known.HasParts(sample, slots, dataStart, dataEnd)
            ? known : place = new EventTemplate(sample, Slots(slots), dataStart, dataEnd, isShared: true);
    }

    // Most samples differ only outside the slots, so the arrays of slots are shared too.
    private static TemplateSlot[] Slots(ReadOnlySpan<TemplateSlot> slots)
    {
        var hash = default(HashCode);
        hash.AddBytes(MemoryMarshal.AsBytes(slots));
        ref TemplateSlot[]? place = ref s_slots[(uint)hash.ToHashCode() % Places];
        return place is { } known && slots.SequenceEqual(known) ? known : place = slots.ToArray();
    }
}
