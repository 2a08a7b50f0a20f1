/*
 * JSON objects of texts that may hold anything, and of memory that may run out.
 */
#include "output_state.h"

#include <stdlib.h>

#include "utf8.h"

static bool lacks_memory;

bool output_lacks_memory(void)
{
    return lacks_memory;
}

json_t *output_text(const char *text)
{
    char *copy = utf8_copy(text);
    json_t *string = copy != NULL ? json_string(copy) : NULL;

    free(copy);
    return string;
}

void output_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        lacks_memory = true;
}

void output_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        lacks_memory = true;
}

void output_put_text(json_t *object, const char *key, const char *text)
{
    output_put(object, key, output_text(text));
}

void output_put_number(json_t *object, const char *key, uint64_t number)
{
    output_put(object, key, json_integer((json_int_t)number));
}

void output_put_bool(json_t *object, const char *key, bool value)
{
    output_put(object, key, json_boolean(value));
}

const char *output_word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

uint64_t output_number(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

bool output_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}
