#pragma once

// PersistentMap<K, V>: an immutable ordered map. A changed map shares all but O(log n) nodes with
// the one it came from, so a copy is one pointer, and two versions are compared in time that grows
// with what differs. A treap whose priorities are hashes of the keys: one set of keys has one
// shape, whatever the history.

#include "core/base/random.hpp"
#include "core/base/uuid.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace glasslog::metadata {

inline std::uint64_t treap_priority(std::string_view key) {
    return StableHash().add(key).value();
}

inline std::uint64_t treap_priority(const Uuid& key) {
    return StableHash().add(key.high).add(key.low).value();
}

template <typename K>
    requires requires(const K& key) { key.value(); }
std::uint64_t treap_priority(const K& key) {
    return StableHash().add(static_cast<std::uint64_t>(key.value())).value();
}

template <typename K, typename V>
class PersistentMap {
public:
    std::size_t size() const { return size_; }

    bool empty() const { return size_ == 0; }

    // The value of `key`, alive as long as this version of the map; nullptr when absent.
    template <typename Key>
    const V* find(const Key& key) const {
        const Node* at = root_.get();
        while (at != nullptr) {
            if (key < at->key) {
                at = at->left.get();
            } else if (at->key < key) {
                at = at->right.get();
            } else {
                return &at->value;
            }
        }
        return nullptr;
    }

    [[nodiscard]] PersistentMap with(K key, V value) const {
        PersistentMap changed;
        changed.size_ = find(key) == nullptr ? size_ + 1 : size_;
        const std::uint64_t priority = treap_priority(key);
        changed.root_ = put(root_, {std::move(key), std::move(value), priority, {}, {}});
        return changed;
    }

    [[nodiscard]] PersistentMap without(const K& key) const {
        if (find(key) == nullptr) return *this;
        PersistentMap changed;
        changed.size_ = size_ - 1;
        changed.root_ = drop(root_, key);
        return changed;
    }

    // visit(key, value) in the order of the keys.
    template <typename Visit>
    void for_each(Visit visit) const {
        walk(root_.get(), visit);
    }

    // From the first key that is not below `from`, while visit(key, value) returns true.
    template <typename Key, typename Visit>
    void for_each_from(const Key& from, Visit visit) const {
        static_cast<void>(walk_from(root_.get(), from, visit));
    }

    // visit(key, before or nullptr, after or nullptr) for every key whose values differ by ==, in
    // the order of the keys. V is best a shared pointer, so that == is cheap.
    template <typename Visit>
    static void for_each_change(const PersistentMap& before,
                                const PersistentMap& after,
                                Visit visit) {
        compare(before.root_, after.root_, visit);
    }

private:
    struct Node;
    using Link = std::shared_ptr<const Node>;

    struct Node {
        K key;
        V value;
        std::uint64_t priority;
        Link left;
        Link right;
    };

    // Ties are broken by key, so that the shape stays one.
    static bool is_above(const Node& a, const Node& b) {
        return a.priority != b.priority ? a.priority > b.priority : a.key < b.key;
    }

    static Link node(const Node& of, Link left, Link right) {
        return std::make_shared<const Node>(
            Node{of.key, of.value, of.priority, std::move(left), std::move(right)});
    }

    // Into keys below `key` and keys above it; `key` itself is left out.
    static std::pair<Link, Link> split(const Link& at, const K& key) {
        if (at == nullptr) return {};
        if (at->key < key) {
            auto [below, above] = split(at->right, key);
            return {node(*at, at->left, std::move(below)), std::move(above)};
        }
        if (key < at->key) {
            auto [below, above] = split(at->left, key);
            return {std::move(below), node(*at, std::move(above), at->right)};
        }
        return {at->left, at->right};
    }

    static Link join(const Link& below, const Link& above) {
        if (below == nullptr) return above;
        if (above == nullptr) return below;
        if (is_above(*below, *above)) return node(*below, below->left, join(below->right, above));
        return node(*above, join(below, above->left), above->right);
    }

    static Link put(const Link& at, const Node& fresh) {
        if (at == nullptr || is_above(fresh, *at)) {
            auto [below, above] = split(at, fresh.key);
            return node(fresh, std::move(below), std::move(above));
        }
        if (fresh.key < at->key) return node(*at, put(at->left, fresh), at->right);
        if (at->key < fresh.key) return node(*at, at->left, put(at->right, fresh));
        return node(fresh, at->left, at->right);
    }

    static Link drop(const Link& at, const K& key) {
        if (key < at->key) return node(*at, drop(at->left, key), at->right);
        if (at->key < key) return node(*at, at->left, drop(at->right, key));
        return join(at->left, at->right);
    }

    template <typename Visit>
    static void walk(const Node* at, Visit& visit) {
        if (at == nullptr) return;
        walk(at->left.get(), visit);
        visit(at->key, at->value);
        walk(at->right.get(), visit);
    }

    template <typename Key, typename Visit>
    static bool walk_from(const Node* at, const Key& from, Visit& visit) {
        if (at == nullptr) return true;
        const bool is_inside = !(at->key < from);
        if (is_inside && !walk_from(at->left.get(), from, visit)) return false;
        if (is_inside && !visit(at->key, at->value)) return false;
        return walk_from(at->right.get(), from, visit);
    }

    template <typename Visit>
    static void compare(const Link& before, const Link& after, Visit& visit) {
        if (before == after) return;
        // The upper root of the two splits both sides; its key is on one of them or on both.
        const Link& root =
            after == nullptr || (before != nullptr && is_above(*before, *after)) ? before : after;
        const auto [old_below, old_above] = split_at(before, *root);
        const auto [new_below, new_above] = split_at(after, *root);
        const Node* old_node = same_key(before, *root);
        const Node* new_node = same_key(after, *root);
        compare(old_below, new_below, visit);
        const V* old_value = old_node == nullptr ? nullptr : &old_node->value;
        const V* new_value = new_node == nullptr ? nullptr : &new_node->value;
        const bool is_same =
            old_value != nullptr && new_value != nullptr && *old_value == *new_value;
        if (!is_same) visit(root->key, old_value, new_value);
        compare(old_above, new_above, visit);
    }

    // `root` is `side` itself, or above all of it.
    static std::pair<Link, Link> split_at(const Link& side, const Node& root) {
        if (same_key(side, root) != nullptr) return {side->left, side->right};
        return split(side, root.key);
    }

    static const Node* same_key(const Link& side, const Node& root) {
        return side != nullptr && side->key == root.key ? side.get() : nullptr;
    }

    Link root_;
    std::size_t size_ = 0;
};

}  // namespace glasslog::metadata
